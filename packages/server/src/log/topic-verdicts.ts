import type { TopicSet } from '@tidings/protocol'

/** Asks a set once for each topic, for walks that meet few topics many times. */
export function topicVerdicts(topics: TopicSet): (topic: string) => boolean {
  const verdicts = new Map<string, boolean>()
  return (topic) => {
    const known = verdicts.get(topic)
    if (known !== undefined) return known
    const verdict = topics.has(topic)
    verdicts.set(topic, verdict)
    return verdict
  }
}
