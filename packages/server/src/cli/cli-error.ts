/** Ends the command with one clear line on standard error. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** One of {@link exitCode}. */
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
