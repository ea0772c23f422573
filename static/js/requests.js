// htmx setup: CSRF token, progress bar for slow requests, error messages.

const words = document.getElementById("words")?.dataset ?? {};
const bar = document.getElementById("busy");
const SHOW_AFTER_MS = 300;
const SAFE = ["get", "head"];
let running = 0;
let waiting = null;
let creeping = null;

function say(kind, text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind, text } }));
}

function begin() {
  running += 1;
  if (running > 1) return;
  waiting = setTimeout(() => {
    bar.value = 12;
    bar.hidden = false;
    creeping = setInterval(() => {
      bar.value += (94 - bar.value) * 0.08;
    }, 200);
  }, SHOW_AFTER_MS);
}

function end() {
  running = Math.max(0, running - 1);
  if (running) return;
  clearTimeout(waiting);
  clearInterval(creeping);
  bar.hidden = true;
}

document.addEventListener("htmx:configRequest", (event) => {
  if (!SAFE.includes(event.detail.verb)) {
    event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  }
});

// A submitted form asks for no preview, because the record may have been written already. The
// browser itself ends a preview that runs.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("form[data-sent]")) {
    event.preventDefault();
    return;
  }
  event.detail.target?.setAttribute("aria-busy", "true");
  begin();
});

document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.target?.removeAttribute("aria-busy");
  end();
});

// An error is shown in the element that the server names (#alerts). A response of another program,
// such as the error page of a proxy, is never inserted.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || xhr.status === 422) return;
  if (xhr.getResponseHeader("HX-Redirect")) return;
  event.detail.shouldSwap = Boolean(xhr.getResponseHeader("HX-Retarget"));
  if (!event.detail.shouldSwap) say("error", words.failed);
});

document.addEventListener("htmx:sendError", () =>
  say(navigator.onLine ? "error" : "offline", navigator.onLine ? words.failed : words.offline),
);
document.addEventListener("htmx:timeout", () => say("error", words.failed));
window.addEventListener("offline", () => say("offline", words.offline));
window.addEventListener("online", () => {
  document.querySelectorAll('#toasts [data-toast="offline"]').forEach((toast) => toast.remove());
  say("done", words.online);
});
