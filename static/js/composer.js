// The message field: height, shortcuts, examples and unsent draft. chat.js sends the message.

function grow(box) {
  box.rows = Math.min(12, Math.max(2, box.value.split("\n").length));
}

// Keep an unsent message through a reload, for this tab, user and conversation, until it is sent or
// the user signs out (page.js).

function draftOf(box) {
  return `voyagent_draft ${box.dataset.draft} ${new URL(box.form.action).pathname}`;
}

function keepDraft(box) {
  try {
    if (box.value) sessionStorage.setItem(draftOf(box), box.value);
    else sessionStorage.removeItem(draftOf(box));
  } catch {
    /* storage may be forbidden or full; the message is still in the field */
  }
}

function takeDraft(box) {
  try {
    box.value ||= sessionStorage.getItem(draftOf(box)) ?? "";
  } catch {
    /* as above */
  }
}

// The first message of a conversation is sent by a normal form, and the next page focuses its
// field.
// Keep the draft until that page has loaded, so that it is restored if the network fails.

const SPOKE = "voyagent_spoke";
const AWAY_MS = 6000;

document.addEventListener(
  "submit",
  (event) => {
    if (document.getElementById("talk") || !event.target.matches("[data-compose]")) return;
    try {
      sessionStorage.setItem(SPOKE, draftOf(event.target.elements.message));
    } catch {
      /* as above */
    }
    event.target.querySelector("[type=submit]")?.setAttribute("aria-busy", "true");
    setTimeout(
      () =>
        document.dispatchEvent(
          new CustomEvent("toast", {
            detail: { kind: "offline", text: document.getElementById("words").dataset.away },
          }),
        ),
      AWAY_MS,
    );
  },
  true,
);

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
  if (
    event.key === "Enter" &&
    !event.shiftKey &&
    !event.altKey &&
    !event.ctrlKey &&
    !event.metaKey
  ) {
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

// Focus a field that a button opens, such as the reason of a rejection.

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
