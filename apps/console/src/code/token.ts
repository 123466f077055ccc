/** What a piece of code is, as far as colours go. */
type TokenKind = 'plain' | 'comment' | 'string' | 'keyword' | 'number' | 'tag' | 'name'

/** A piece of code that has one colour. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

/** The languages of the page's samples. */
export type Language = 'js' | 'sh'

const keywords =
  /^(?:import|from|export|default|function|return|const|let|await|async|for|of|if|else|new|true|false|null|undefined|curl|npx|npm)$/

/** One alternative for each kind that is told by its spelling, in the order in which they win. */
const patterns: Readonly<Record<Language, RegExp>> = {
  js: /(?<comment>\/\/[^\n]*)|(?<string>'[^'\n]*'|"[^"\n]*"|`[^`]*`)|(?<tag><\/?[A-Z][A-Za-z]*|\/>)|(?<number>\b\d[\d_]*\b)|(?<word>[A-Za-z_$][\w$]*)/g,
  sh: /(?<comment>(?<=^|\s)#[^\n]*)|(?<string>'[^']*'|"[^"]*")|(?<number>(?<=\s)-{1,2}[A-Za-z][\w-]*)|(?<word>[A-Za-z_$][\w$]*)/g,
}

/** Cuts code into pieces of one colour each. Together they are the code, character by character. */
export function tokenize(code: string, language: Language): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (const match of code.matchAll(patterns[language])) {
    if (match.index > at) tokens.push({ kind: 'plain', text: code.slice(at, match.index) })
    tokens.push({ kind: kindOf(match, code), text: match[0] })
    at = match.index + match[0].length
  }
  if (at < code.length) tokens.push({ kind: 'plain', text: code.slice(at) })
  return tokens
}

function kindOf(match: RegExpExecArray, code: string): TokenKind {
  const { comment, string, tag, number } = match.groups ?? {}
  if (comment !== undefined) return 'comment'
  if (string !== undefined) return 'string'
  if (tag !== undefined) return 'tag'
  if (number !== undefined) return 'number'
  if (keywords.test(match[0])) return 'keyword'
  return code[match.index + match[0].length] === '(' ? 'name' : 'plain'
}
