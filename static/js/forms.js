// Form behaviour: submit on Ctrl+Enter, block double submission, submit filters on change, focus
// the field of an error.

const RELEASE_MS = 8000;

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form || form.method === "dialog") return;
  // Buttons are assigned to forms by their `form` attribute, not by their place.
  const senders = [...form.elements].filter((element) => element.type === "submit");
  const sender =
    senders.find((button) => button.matches('[aria-keyshortcuts~="Control+Enter"]')) ?? senders[0];
  event.preventDefault();
  event.stopPropagation();
  form.requestSubmit(sender);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => release(form), RELEASE_MS);
});

function release(form) {
  delete form.dataset.sent;
  form
    .querySelectorAll('[aria-busy="true"]')
    .forEach((button) => button.removeAttribute("aria-busy"));
}

window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-autosubmit]") && event.target.form)
    event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('[role="alert"] a[href^="#"]');
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});
