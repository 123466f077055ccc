/** Something that whoever runs a store should know, as it happens. */
export interface StoreNotice {
  readonly level: 'info' | 'warn'
  readonly message: string
}
