import { type FormEvent, type ReactNode, useState } from 'react'

/** Orders something. The answer is not looked at: what happens next comes over the stream, as it does for everybody. */
export function OrderForm(): ReactNode {
  const [item, setItem] = useState('tea')
  const order = async (event: FormEvent) => {
    event.preventDefault()
    const headers = { 'Content-Type': 'application/json' }
    await fetch('/orders', { method: 'POST', headers, body: JSON.stringify({ item }) })
  }
  return (
    <form onSubmit={order}>
      <label>
        What would you like? <input value={item} onChange={({ target }) => setItem(target.value)} required />
      </label>
      <button type="submit">Order</button>
    </form>
  )
}
