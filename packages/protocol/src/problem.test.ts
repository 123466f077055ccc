import { describe, expect, test } from 'vitest'
import { controlTypes } from './control.ts'
import { limits } from './limits.ts'
import { type ProblemCode, problems, TidingsError } from './problem.ts'

describe('what is fixed for both sides', () => {
  test('limits are positive integers that nobody can move', () => {
    for (const [name, value] of Object.entries(limits)) {
      expect(Number.isSafeInteger(value) && value > 0).toBe(true)
      expect(() => Object.assign(limits, { [name]: value + 1 })).toThrow(TypeError)
    }
    expect(() => Object.assign(limits, { other: 1 })).toThrow(TypeError)
  })

  test('the set of problems is closed, each entry included', () => {
    expect(() => Object.assign(problems, { other: { status: 400, title: 'x' } })).toThrow(TypeError)
    for (const entry of Object.values(problems)) {
      expect(() => Object.assign(entry, { status: 200 })).toThrow(TypeError)
    }
  })

  test('control types cannot be added to', () => {
    expect(() => (controlTypes as unknown as string[]).push('other')).toThrow(TypeError)
  })
})

describe('a problem', () => {
  test.each(Object.entries(problems))('%s has an error status, a stable form and a title', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(entry.status).toBeGreaterThanOrEqual(400)
    expect(entry.status).toBeLessThan(600)
    expect(entry.title).toMatch(/^[A-Z].*[^.]$/)
    expect(new TidingsError(code as ProblemCode, 'why').status).toBe(entry.status)
  })

  test('says which field is at fault, and keeps its cause', () => {
    const cause = new Error('deeper')
    const error = new TidingsError('invalid_field', 'text must be a string.', { field: 'text', cause })
    expect(error).toMatchObject({
      name: 'TidingsError',
      code: 'invalid_field',
      field: 'text',
      cause,
      status: 400,
    })
    expect(new TidingsError('internal', 'x').field).toBeUndefined()
    expect(error).toBeInstanceOf(Error)
  })
})
