// Where a person speaks: its height, its keys, its examples, and the draft of what she has not sent yet. What is sent, chat.js sends.

function grow(box) {
  box.rows = Math.min(12, Math.max(2, box.value.split("\n").length));
}

// A half-written message outlives a reload: for this tab, this person and this conversation, until it is sent or she signs out (page.js).

function draftOf(box) {
  return `voyagent_draft ${box.dataset.draft} ${new URL(box.form.action).pathname}`;
}

function keepDraft(box) {
  try {
    if (box.value) sessionStorage.setItem(draftOf(box), box.value);
    else sessionStorage.removeItem(draftOf(box));
  } catch { /* storage may be forbidden or full; the message is still in its field */ }
}

function takeDraft(box) {
  try { box.value ||= sessionStorage.getItem(draftOf(box)) ?? ""; } catch { /* as above */ }
}

// A message that begins a conversation leaves the page with its form; on the page of the conversation she goes on where she spoke.

// Its draft stays until that page is there: where the line is away it is in its field again.

const SPOKE = "voyagent_spoke";
const AWAY_MS = 6000;

document.addEventListener("submit", (event) => {
  if (document.getElementById("talk") || !event.target.matches("[data-compose]")) return;
  try {
    sessionStorage.setItem(SPOKE, draftOf(event.target.elements.message));
  } catch { /* as above */ }
  event.target.querySelector("[type=submit]")?.setAttribute("aria-busy", "true");
  setTimeout(() => document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "offline", text: document.getElementById("words").dataset.away } })), AWAY_MS);
}, true);

function hasJustSpoken() {
  try {
    const spoke = sessionStorage.getItem(SPOKE);
    sessionStorage.removeItem(SPOKE);
    const arrived = spoke !== null && document.getElementById("talk") !== null;
    if (arrived) sessionStorage.removeItem(spoke);
    return arrived;
  } catch {
    return false;
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-compose] textarea, [data-again] textarea")) grow(event.target);
  if (event.target.matches("[data-draft]")) keepDraft(event.target);
});

document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-compose] textarea, [data-again] textarea");
  if (!box || event.isComposing) return;
  const editing = box.closest("[data-edit]");
  if (event.key === "Enter" && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    box.form.requestSubmit();
  } else if (event.key === "Escape" && editing) {
    editing.open = false;
    editing.querySelector("summary").focus();
  } else if (event.key === "ArrowUp" && !editing && !box.value) {
    const last = [...document.querySelectorAll("[data-edit]")].at(-1);
    if (!last) return;
    event.preventDefault();
    last.open = true;
    last.querySelector("textarea").focus();
  } else if (event.key === "Escape") {
    document.querySelector('#compose-actions [form="stop"]')?.click();
  }
});

// What opens below a button to be written in, such as the reason of a rejection.

document.addEventListener("click", (event) => {
  const opened = event.target.closest("[data-opens] > summary")?.parentElement;
  if (!opened) return;
  setTimeout(() => {
    if (!opened.open) return;
    opened.querySelector("textarea").focus({ preventScroll: true });
    opened.scrollIntoView({ block: "nearest" });
  });
});

document.addEventListener("keydown", (event) => {
  const opened = event.target.closest?.("[data-opens]");
  if (event.key !== "Escape" || !opened?.open) return;
  event.preventDefault();
  opened.open = false;
  opened.querySelector("summary").focus();
});

document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-example]");
  const box = document.querySelector("[data-compose] textarea");
  if (!example || !box) return;
  event.preventDefault();
  box.value = example.textContent;
  keepDraft(box);
  box.focus();
});

const box = document.querySelector("[data-compose] textarea");
if (box) {
  takeDraft(box);
  grow(box);
  if (hasJustSpoken()) box.focus({ preventScroll: true });
}
