import { availableParallelism } from 'node:os'
import { formatDuration, formatSize, parseDuration, parseSize } from './quantity.ts'

/** One row of the table of settings: everything there is to know about one of them. */
export interface Setting<Value> {
  readonly default: Value
  /** One sentence for the docs and for `--help`. */
  readonly doc: string
  /** Whether it bounds what callers or the store may take. */
  readonly isLimit: boolean
  /** What `--help` shows in place of the value, e.g. `duration`. */
  readonly placeholder: string
  /** The values allowed, in words. */
  readonly allowed: string
  /**
   * Whether its value must never be shown: not in an error, not in a log. It has no flag either, for everybody on
   * a machine can read the command lines of all.
   */
  readonly isSecret?: boolean
  /** A value as it would be written in the docs. */
  show(value: Value): string
  /**
   * Reads a value as typed (file, library) or as text (flags, environment).
   * @throws RangeError saying what is wrong with it and what to give instead, to follow after the value.
   */
  read(input: unknown): Value
}

interface Row<Value> {
  readonly default: Value
  readonly doc: string
  readonly isLimit?: boolean
}

interface Range extends Row<number> {
  readonly min: number
  readonly max: number
}

/** A whole number. */
export function count(row: Range): Setting<number> {
  return ranged(row, { noun: 'whole number', placeholder: 'number', show: String, parse: parseCount })
}

function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}

/** A number of processes, or `auto` for one for each core. */
export function workers(row: Range): Setting<number> {
  const auto = () => Math.min(availableParallelism(), row.max)
  const parse = (text: string) => (text === 'auto' ? auto() : parseCount(text))
  return ranged(row, { noun: 'whole number or auto', placeholder: 'number|auto', show: String, parse })
}

/** A length of time, in milliseconds. */
export function duration(row: Range): Setting<number> {
  return ranged(row, {
    noun: 'duration',
    placeholder: 'duration',
    show: formatDuration,
    parse: parseDuration,
  })
}

/** An amount of memory or disk, in bytes. */
export function size(row: Range): Setting<number> {
  return ranged(row, { noun: 'size', placeholder: 'size', show: formatSize, parse: parseSize })
}

interface Scale {
  readonly noun: string
  readonly placeholder: string
  show(value: number): string
  parse(text: string): number | undefined
}

function ranged(row: Range, { noun, placeholder, show, parse }: Scale): Setting<number> {
  const allowed = `${show(row.min)} to ${show(row.max)}`
  const remedy = `give ${allowed}, such as ${show(row.default)}`
  return {
    default: row.default,
    doc: row.doc,
    isLimit: row.isLimit ?? false,
    placeholder,
    allowed,
    show,
    read(input) {
      const value = typeof input === 'string' ? parse(input) : input
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
        throw new RangeError(`is not a ${noun}; ${remedy}`)
      }
      if (value < row.min || value > row.max) throw new RangeError(`is out of range; ${remedy}`)
      return value
    },
  }
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  row: Row<NoInfer<Word>>,
): Setting<Word> {
  return {
    default: row.default,
    doc: row.doc,
    isLimit: row.isLimit ?? false,
    placeholder: 'word',
    allowed: words.join(', '),
    show: String,
    read(input) {
      const word = words.find((word) => word === input)
      if (word === undefined) throw new RangeError(`is not known; give one of ${words.join(', ')}`)
      return word
    },
  }
}

/** Something that is on or off, or `auto`, where the server decides. */
export function toggle(row: Row<'auto'>): Setting<'auto' | 'on' | 'off'> {
  return {
    default: row.default,
    doc: row.doc,
    isLimit: false,
    placeholder: 'on|off',
    allowed: 'auto, on, off',
    show: String,
    read(input) {
      if (input === true || input === 'true' || input === 'on') return 'on'
      if (input === false || input === 'false' || input === 'off') return 'off'
      if (input === 'auto') return 'auto'
      throw new RangeError('is not known; give one of auto, on, off')
    },
  }
}

/** Text with a rule of its own. */
export interface TextRow extends Row<string> {
  readonly placeholder: string
  /** The values allowed, in words. */
  readonly allowed: string
  isAllowed(text: string): boolean
}

/** A line of text. */
export function text(row: TextRow): Setting<string> {
  return {
    default: row.default,
    doc: row.doc,
    isLimit: row.isLimit ?? false,
    placeholder: row.placeholder,
    allowed: row.allowed,
    show: String,
    read(input) {
      if (typeof input === 'string' && row.isAllowed(input)) return input
      throw new RangeError(`is not allowed; give ${row.allowed}`)
    },
  }
}

/** The path of a folder. What looks like a store would make a folder of that name, and keep everything in it. */
export function folder(row: Row<string>): Setting<string> {
  return text({
    ...row,
    placeholder: 'folder',
    allowed: 'the path of a folder; stores such as `memory:` go into `store`',
    isAllowed: (path) => isPath(path) && !/^(memory|sqlite|rediss?):/.test(path),
  })
}

/** The path of a file that is optional. */
export function file({ doc }: { readonly doc: string }): Setting<string> {
  return text({
    default: '',
    doc,
    placeholder: 'file',
    allowed: 'the path of a file',
    isAllowed: (path) => path === '' || isPath(path),
  })
}

function isPath(path: string): boolean {
  return path !== '' && !path.includes('\0')
}

/** A text that nobody may see. */
export function secret(row: { readonly doc: string; readonly allowed: string }): Setting<string> {
  return {
    default: '',
    doc: row.doc,
    isLimit: false,
    isSecret: true,
    placeholder: 'secret',
    allowed: row.allowed,
    show: () => '',
    read(input) {
      if (typeof input === 'string') return input
      throw new RangeError(`is not a string; give ${row.allowed}`)
    },
  }
}

/** Several texts: an array in the file and the library, separated by commas in flags and the environment. */
export function list(row: Omit<TextRow, 'default'> & Row<readonly string[]>): Setting<readonly string[]> {
  return {
    default: Object.freeze(row.default),
    doc: row.doc,
    isLimit: row.isLimit ?? false,
    placeholder: row.placeholder,
    allowed: row.allowed,
    show: (values) => values.join(','),
    read(input) {
      const values = typeof input === 'string' ? splitAtCommas(input) : input
      const isGood = (value: unknown) => typeof value === 'string' && row.isAllowed(value)
      if (!Array.isArray(values) || !values.every(isGood)) {
        throw new RangeError(`is not allowed; give ${row.allowed}`)
      }
      return Object.freeze([...new Set<string>(values)])
    },
  }
}

function splitAtCommas(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
