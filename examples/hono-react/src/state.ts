/** A deploy as the page shows it. */
export interface Deploy {
  readonly id: string
  readonly message: string
}

/** What the server knew when it rendered the page. */
export interface PageState {
  /** Newest first. */
  readonly deploys: readonly Deploy[]
  /** The place in the log after them: the page's stream begins there. */
  readonly head: string
}
