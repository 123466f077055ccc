/**
 * What any validation library of the Standard Schema family (zod, valibot, arktype …) offers under
 * `~standard`: https://standardschema.dev, version 1. Declared here, so that nothing has to be installed.
 */
export interface Schema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a schema finds: the value as it wants it, or why not. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A schema for the data of each type of event that an application knows. */
export type Schemas = { readonly [type: string]: Schema }

/** What a schema makes of a value. */
export type Output<S extends Schema> = NonNullable<S['~standard']['types']>['output']
