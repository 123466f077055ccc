/** The topics that the address of a stream names by itself (PROTOCOL §5.1). */
export function impliedTopics(address: URL): string[] {
  const topics = address.searchParams.getAll('topic')
  const user = /\/events\/([^/]+)$/.exec(address.pathname)?.[1]
  const userId = user === undefined ? address.searchParams.get('userId') : decode(user)
  return userId === null ? topics : [...topics, `user/${userId}`, 'broadcast']
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
