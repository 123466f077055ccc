import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Shelf } from './shelf.ts'

it('is as an array from which the front is cut', () => {
  const steps = fc.array(fc.oneof(fc.record({ add: fc.nat(20) }), fc.record({ drop: fc.nat(30) })), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(steps, fc.nat(500), (steps, bound) => {
      const shelf = new Shelf<number>()
      let model: number[] = []
      let next = 0
      for (const step of steps) {
        if ('add' in step) {
          for (let count = 0; count < step.add; count++) {
            shelf.push(next)
            model.push(next++)
          }
        } else {
          for (let count = 0; count < step.drop && shelf.length > 0; count++) shelf.shift()
          model = model.slice(step.drop)
        }
        expect(shelf.length).toBe(model.length)
        expect(Array.from({ length: model.length }, (_, index) => shelf.at(index))).toEqual(model)
        expect([shelf.at(-1), shelf.at(model.length)]).toEqual([undefined, undefined])
        expect(shelf.slice(3, bound)).toEqual(model.slice(3, Math.max(3, bound)))
        expect(shelf.countWhile((item) => item < bound)).toBe(model.filter((item) => item < bound).length)
      }
    }),
  )
})

it('dropping one by one costs no more than adding: a hundred thousand in a moment', () => {
  const shelf = new Shelf<number>()
  for (let item = 0; item < 100_000; item++) shelf.push(item)
  const start = performance.now()
  for (let item = 0; item < 100_000; item++) shelf.shift()
  expect(shelf.length).toBe(0)
  // Moving the rest at each drop would take many seconds.
  expect(performance.now() - start).toBeLessThan(15_000)
})
