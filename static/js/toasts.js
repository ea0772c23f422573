// Toasts. Success messages close automatically; errors stay. Hovering or focus pauses the timer.
// From scripts: document.dispatchEvent(new CustomEvent("toast", {detail: {kind, text, undo,
// label}})); from the server: HX-Trigger: {"toast": {…}}.

const STAY_MS = 6000;
const STAY_WITH_UNDO_MS = 15000;
const places = ["toasts", "alerts"].map((id) => document.getElementById(id));
const words = document.getElementById("words");

function made({ kind = "done", text = "", undo, label }) {
  const known = ["done", "error", "offline"].includes(kind) ? kind : "done";
  const toast = words
    .querySelector(`template[data-toast-of="${known}"]`)
    .content.firstElementChild.cloneNode(true);
  toast.children[1].textContent = text;
  if (undo) toast.querySelector(".v-end").prepend(undoForm(undo, label));
  return toast;
}

function undoForm(action, label) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrf_token";
  token.value = document.querySelector("meta[name=csrf-token]").content;
  const button = document.createElement("button");
  button.className = "btn";
  button.type = "submit";
  button.setAttribute("aria-keyshortcuts", "Control+Z");
  button.textContent = label ?? words.dataset.undo;
  form.append(token, button);
  return form;
}

function arm(toast) {
  if (toast.dataset.armed || !toast.matches("[data-toast]")) return;
  toast.dataset.armed = "true";
  if (["error", "offline"].includes(toast.dataset.toast)) return;
  const stay = toast.querySelector("form") ? STAY_WITH_UNDO_MS : STAY_MS;
  let timer = setTimeout(() => toast.remove(), stay);
  const hold = () => clearTimeout(timer);
  const release = () => {
    timer = setTimeout(() => toast.remove(), stay / 2);
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusout", release);
}

document.addEventListener("toast", (event) => {
  const message = event.detail?.text ? event.detail : { text: event.detail?.value };
  if (!message.text) return;
  for (const shown of places[0].children) {
    if (shown.children[1].textContent === message.text) shown.remove();
  }
  places[0].append(made(message));
});

document.addEventListener("click", (event) =>
  event.target.closest("[data-dismiss]")?.closest(".v-toast")?.remove(),
);

for (const place of places) {
  // Screen readers announce only additions to a live region, so initial toasts are added again.
  const early = [...place.children];
  new MutationObserver(() => [...place.children].forEach(arm)).observe(place, { childList: true });
  early.forEach((toast) => place.append(toast));
}
