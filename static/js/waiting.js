// Update the number of pending approvals in the menu: on focus, and every minute while the page is
// visible and used.

const EVERY_MS = 60_000;
const AT_WORK_MS = 15 * 60_000;
const ENTRY = "nav-approvals";
const SMALL = "nav-waiting";
const address = document.getElementById("pages")?.dataset.waiting;
let touched = Date.now();
let asked = Date.now();

// Replace only the text, so that the link keeps focus.
function show(fresh) {
  const entry = document.getElementById(ENTRY);
  const now = fresh.getElementById(ENTRY);
  const small = document.getElementById(SMALL);
  const smallNow = fresh.getElementById(SMALL);
  if (!entry || !now || !small || !smallNow) return;
  if (entry.innerHTML !== now.innerHTML) entry.replaceChildren(...now.childNodes);
  if (small.outerHTML !== smallNow.outerHTML && small !== document.activeElement)
    small.replaceWith(smallNow);
}

async function look() {
  if (document.visibilityState !== "visible" || !navigator.onLine || Date.now() - asked < 1000)
    return;
  asked = Date.now();
  try {
    const answer = await fetch(address, {
      headers: { "HX-Request": "true", "HX-Target": ENTRY },
      redirect: "error",
    });
    if (answer.status === 200)
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    /* the old number stays, and the next update tries again */
  }
}

if (address) {
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) look();
  });
  for (const kind of ["pointerdown", "keydown"])
    document.addEventListener(
      kind,
      () => {
        touched = Date.now();
      },
      { passive: true },
    );
  setInterval(() => {
    if (Date.now() - touched < AT_WORK_MS) look();
  }, EVERY_MS);
}
