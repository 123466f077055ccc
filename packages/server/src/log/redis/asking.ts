/** Whatever takes a command of Redis: a connection, or a link. */
export interface Asking {
  sendCommand(args: string[]): Promise<unknown>
}
