/** The last line. */
export function Footer() {
  return (
    <footer className="footer">
      <p>
        One stream carries this whole page, in all of your tabs. <a href="/docs">API</a>
      </p>
    </footer>
  )
}
