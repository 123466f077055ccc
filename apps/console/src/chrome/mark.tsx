/** The product's sign: a drop that makes waves. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 40 40" aria-hidden="true">
      <rect width="40" height="40" rx="10" className="mark-ground" />
      <g fill="none" className="mark-waves" strokeWidth="3" strokeLinecap="round">
        <path d="M18.5 27.5a6 6 0 0 0-6-6" />
        <path d="M24.5 27.5a12 12 0 0 0-12-12" opacity=".8" />
        <path d="M30.5 27.5a18 18 0 0 0-18-18" opacity=".55" />
      </g>
      <circle cx="12.5" cy="27.5" r="2.6" className="mark-drop" />
    </svg>
  )
}
