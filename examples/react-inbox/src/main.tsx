import { TidingsProvider } from '@tidings/react'
import { ConnectionBanner, LiveFeed, NotificationBell, Toaster } from '@tidings/react/components'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { OrderForm } from './order-form.tsx'

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <TidingsProvider user="demo-user">
      <header>
        <h1>A shop</h1>
        <NotificationBell />
      </header>
      <ConnectionBanner />
      <OrderForm />
      <LiveFeed topic="orders/*" title="Orders of everybody" />
      <Toaster />
    </TidingsProvider>
  </StrictMode>,
)
