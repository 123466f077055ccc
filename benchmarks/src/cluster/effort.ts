/** How much work the parts of `bench -- cluster` put into each measurement. */
export interface ClusterEffort {
  readonly rounds: number
  /** Length of a measured window, in seconds. */
  readonly seconds: number
  /** Before it, not measured: JIT compilers and caches warm up. */
  readonly warmSeconds: number
  /** Streams on each node of the fan-out, and of a storm in all. */
  readonly fanoutStreams: number
  readonly stormClients: number
  /** Events that are stored to see what they take. */
  readonly storedEvents: number
  /** Where the nodes' CPU profiles go, if they are wanted. */
  readonly profileTo?: string | undefined
  /** For the one who waits. */
  say(text: string): void
}

/** One question to a cluster, and the table that answers it. */
export interface Part {
  readonly name: string
  readonly title: string
  /** What exactly is done, for the reader of the table. */
  readonly method: string
  /** Measures, and answers in Markdown. */
  run(effort: ClusterEffort): Promise<string>
}
