/** Longest wait for a frame, in milliseconds: a tab that nobody sees gets no frames, and still has to count. */
const patienceMs = 100

const tasks = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined
let frame: number | undefined

/**
 * Runs a task once before the next frame is drawn, however often it is asked for until then. All tasks of a frame run
 * together, so that React renders once for all that arrived, be it one event or a thousand.
 */
export function nextFrame(task: () => void): void {
  tasks.add(task)
  if (timer !== undefined) return
  timer = setTimeout(run, patienceMs)
  if (typeof requestAnimationFrame === 'function') frame = requestAnimationFrame(run)
}

function run(): void {
  clearTimeout(timer)
  if (frame !== undefined) cancelAnimationFrame(frame)
  timer = undefined
  frame = undefined
  const due = [...tasks]
  tasks.clear()
  for (const task of due) task()
}
