// Live view of a conversation: streamed text, and fragments that the server renders.
//
// The page works without this script. Streamed text is appended at once; after any other event the
// page's fragments are fetched again, and only changed ones are replaced. A broken stream resumes
// after the last event received.

const PARTS = [
  "talk",
  "compose-actions",
  "about",
  "conversations",
  "nav-approvals",
  "nav-enquiries",
  "nav-waiting",
];
const FALL_BACK_MS = 3000;
const FALL_BACK_IDLE_MS = 20000;
const AWAY_MS = 6000;
const NEAR_END_PX = 120;
const words = document.getElementById("words")?.dataset ?? {};
const talk = document.getElementById("talk");
const aloud = document.getElementById("aloud");
const drawn = new Map();
let stream = null;
let reading = null;
let again = false;
let pieces = [];
let queued = null; // field of the message that is sent after the running turn, and its callback
let seen = Number(talk?.dataset.seq ?? 0); // newest event that the page contains
// Newest event from the stream; a fetched page may be ahead of it.
let heard = Number(talk?.dataset.heard ?? 0);
let leaving = false;

function say(kind, text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind, text } }));
}

function token() {
  return document.querySelector("meta[name=csrf-token]").content;
}

// Rendering: a fragment is replaced only if it differs from the previous one, so that an open card
// stays open and a screen reader announces nothing twice.

// On a phone the page scrolls, not the list of messages.
function scrollsItself() {
  return talk.scrollHeight > talk.clientHeight + 1;
}

function isNearEnd() {
  if (!scrollsItself()) return talk.getBoundingClientRect().bottom < innerHeight + NEAR_END_PX;
  return talk.scrollHeight - talk.scrollTop - talk.clientHeight < NEAR_END_PX;
}

function toEnd() {
  if (scrollsItself()) talk.scrollTop = talk.scrollHeight;
  else document.getElementById("compose").scrollIntoView({ block: "end" });
}

// Tokens and countdowns differ in every response and are no change.
function markOf(part) {
  return part.outerHTML
    .replace(/name="csrf_token" value="[^"]*"/g, "")
    .replace(/<time[^>]*>[^<]*<\/time>/g, "");
}

function remember(part) {
  for (const child of part.children) if (child.id) drawn.set(child.id, markOf(child));
}

function replace(old, fresh) {
  for (const card of old.querySelectorAll("details[open][id]")) {
    const again = fresh.querySelector(`#${CSS.escape(card.id)}`);
    if (again) again.open = true;
  }
  for (const field of old.querySelectorAll("textarea[id]")) {
    const again = fresh.querySelector(`#${CSS.escape(field.id)}`);
    if (again) again.value = field.value;
  }
  swap(old, fresh);
}

// Restore focus to the same button in the new fragment, or to the message field.
function swap(old, fresh) {
  const at = old.contains(document.activeElement) ? document.activeElement : null;
  const name = at?.getAttribute("aria-label");
  if (fresh) old.replaceWith(fresh);
  else old.remove();
  if (!at) return;
  const same = at.id
    ? document.getElementById(at.id)
    : name && fresh?.querySelector(`[aria-label="${CSS.escape(name)}"]`);
  (same || document.querySelector("[data-compose] textarea") || talk).focus({
    preventScroll: true,
  });
}

function redrawTalk(fresh) {
  const stay = isNearEnd();
  const asked = requestsIn(talk);
  const kept = new Set();
  let before = null;
  for (const child of [...fresh.children]) {
    kept.add(child.id);
    const old = document.getElementById(child.id);
    if (!old || drawn.get(child.id) !== markOf(child)) {
      drawn.set(child.id, markOf(child));
      if (old) replace(old, child);
      else if (before) before.after(child);
      else talk.prepend(child);
      before = child;
    } else {
      before = old;
    }
  }
  for (const child of [...talk.children]) if (!kept.has(child.id)) swap(child);
  for (const name of ["seq", "asked", "live", "running"]) {
    if (name in fresh.dataset) talk.dataset[name] = fresh.dataset[name];
    else delete talk.dataset[name];
  }
  const shown = Number(talk.dataset.seq);
  seen = Math.max(seen, shown);
  pieces = pieces.filter((piece) => piece.seq > shown);
  for (const piece of pieces) write(piece);
  for (const [id, words] of requestsIn(talk))
    if (asked.has(id) && asked.get(id) !== words) speak(words);
  if (stay) toEnd();
}

// Announce changes of a proposal: summary, editor, decision and who decided. Do not announce the
// countdown.
function requestsIn(root) {
  const words = (element) => element.textContent.trim().replace(/\s+/g, " ");
  const parts = (request) =>
    request.matches("p")
      ? [request]
      : [...request.querySelectorAll("header > span:not(.v-end), [data-edited]")];
  return new Map(
    [...root.querySelectorAll("[id^=ask-]:is(p, .v-ask)")].map((request) => [
      request.id,
      parts(request).map(words).join(". "),
    ]),
  );
}

function redrawPart(id, fresh) {
  const old = document.getElementById(id);
  if (!old || !fresh || drawn.get(id) === markOf(fresh)) return;
  drawn.set(id, markOf(fresh));
  swap(old, fresh);
}

let asking = new AbortController();

async function read() {
  if (leaving) return undefined;
  if (reading) {
    again = true;
    return reading.catch(() => {}); // the first caller tries again after a failure
  }
  reading = (async () => {
    do {
      again = false;
      missed(); // a missing response is reported too
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        signal: asking.signal,
      });
      if (answer.status === 404 || answer.redirected) {
        // The conversation was deleted or the user is signed out; the new page says which.
        if (!leaving) location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      reached();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of PARTS) {
        const fresh = page.getElementById(id);
        if (id === "talk") {
          if (fresh) redrawTalk(fresh);
        } else redrawPart(id, fresh);
      }
    } while (again);
    speakOfEnds();
  })();
  try {
    await reading;
  } catch {
    if (!leaving) setTimeout(() => read(), FALL_BACK_MS);
  } finally {
    reading = null;
  }
  follow();
}

// Show a notice if the server does not answer for a while; remove it when it does.

let away = null;

function missed() {
  away ??= setTimeout(() => {
    if (navigator.onLine) say("offline", words.away);
  }, AWAY_MS);
}

function forgive() {
  clearTimeout(away);
  away = null;
}

function reached() {
  forgive();
  const toasts = document.querySelectorAll('#toasts [data-toast="offline"]');
  toasts.forEach((toast) => toast.remove());
  if (toasts.length) say("done", words.online);
}

// Streamed text.

function write({ turn, text }) {
  const home = document.querySelector(`[data-turn="${CSS.escape(turn)}"] > div`);
  if (!home) return;
  home.querySelector("[data-waiting]")?.setAttribute("hidden", "");
  // The entry now differs from the server's, so the next fetch replaces it.
  drawn.delete(`entry-${turn}`);
  let line = home.querySelector(".v-caret");
  if (!line) {
    line = document.createElement("p");
    line.className = "v-pre v-caret";
    const last = [...home.children].filter((child) => !child.matches("[data-waiting]")).at(-1);
    if (last?.matches("p.v-pre:not(.v-caret)")) {
      line = last;
      line.classList.add("v-caret");
    } else {
      home.append(line);
    }
  }
  line.append(text);
}

// Announce complete sentences to screen readers, and the rest when another event follows.

const SENTENCE = /^[\s\S]*[.!?…।:](?=\s)|^[\s\S]*\n/;
let unspoken = "";
let failed = false;
const ended = []; // turns that have ended; a stopped one is announced

function speak(text) {
  const words = text.trim();
  if (!words) return;
  const line = document.createElement("p");
  line.textContent = words;
  aloud.append(line);
  while (aloud.children.length > 20) aloud.firstChild.remove();
}

function readAloud(event) {
  if (event.restarts) {
    unspoken = "";
    return;
  }
  if (event.kind === "text_delta") {
    unspoken += event.text;
    const whole = SENTENCE.exec(unspoken)?.[0] ?? "";
    unspoken = unspoken.slice(whole.length);
    speak(whole);
    return;
  }
  speak(unspoken);
  unspoken = "";
  if (event.kind === "final") ended.push(event.turn_id);
  else if (event.kind === "error")
    failed = true; // the event may have only an error code; the page has the message
  else if (event.kind === "approval_request") speak(event.approval_summary ?? "");
}

function speakOfEnds() {
  for (const turn of ended.splice(0))
    speak(document.querySelector(`#entry-${CSS.escape(turn)} [data-stopped]`)?.textContent ?? "");
  const failure = failed
    ? [...talk.querySelectorAll("[data-failure]")].at(-1)?.textContent.trim()
    : "";
  if (!failure) return; // the fetched page does not have it yet; the next one does
  failed = false;
  speak(failure);
}

function hear(message) {
  const seq = Number(message.lastEventId);
  if (seq <= heard) return;
  heard = seq;
  const event = JSON.parse(message.data);
  readAloud(event);
  if (seq <= seen) {
    speakOfEnds();
    if (heard === seen) follow();
    return;
  }
  seen = seq;
  if (event.restarts) pieces.splice(0); // the worker died: another one runs the turn from its start
  if (
    event.kind !== "text_delta" ||
    event.restarts ||
    !document.querySelector(`[data-turn="${CSS.escape(event.turn_id)}"]`)
  ) {
    if (event.kind === "text_delta" && !event.restarts)
      pieces.push({ seq, turn: event.turn_id, text: event.text });
    read();
    return;
  }
  const stay = isNearEnd();
  const piece = { seq, turn: event.turn_id, text: event.text };
  pieces.push(piece);
  write(piece);
  if (stay) toEnd();
}

function follow() {
  const wanted = !leaving && ("live" in talk.dataset || heard < seen || !document.hidden);
  talk.setAttribute("aria-busy", String("running" in talk.dataset));
  if (!("running" in talk.dataset)) unqueue(true);
  if (!wanted) {
    stream?.close();
    stream = null;
    return;
  }
  if (stream) return;
  stream = new EventSource(`${talk.dataset.events}?after=${heard}&asked=${talk.dataset.asked}`);
  stream.addEventListener("agent_event", hear);
  // In another window a turn began, or a proposal was decided, edited or withdrawn, or it expired.
  stream.addEventListener("asked", (message) => {
    if (message.data !== talk.dataset.asked) read();
  });
  stream.addEventListener("open", reached);
  stream.addEventListener("error", () => {
    missed();
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(() => read(), "live" in talk.dataset ? FALL_BACK_MS : FALL_BACK_IDLE_MS);
  });
}

// Another person or window may start a turn, so a visible page stays connected; an idle hidden page
// does not.
document.addEventListener("visibilitychange", () => {
  if (!talk) return;
  if (document.hidden) follow();
  else if (!stream) read();
});

// The forms to send a message, to decide a proposal and to stop a turn are sent by fetch.

async function send(form, body = new FormData(form)) {
  const button = form.querySelector("[type=submit]:not([form])");
  button?.setAttribute("aria-busy", "true");
  missed();
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "HX-Request": "true", "X-CSRFToken": token() },
    });
    reached();
    if (answer.ok) return true;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const alert = answer.headers.get("HX-Retarget")
      ? page.body.textContent.trim()
      : page.querySelector(".v-err")?.textContent.trim();
    say("error", alert || words.failed);
  } catch {
    say("offline", navigator.onLine ? words.away : words.offline);
  } finally {
    button?.removeAttribute("aria-busy");
  }
  return false;
}

// During a turn the message field is read-only, so that the sent text is the text that the user
// saw.

function queue(box) {
  box.readOnly = true;
  document.getElementById("queued").hidden = false;
  return new Promise((follow) => {
    queued = { box, follow };
  });
}

function unqueue(isSent) {
  if (!queued) return;
  const { box, follow } = queued;
  queued = null;
  box.readOnly = false;
  document.getElementById("queued").hidden = true;
  follow(isSent);
}

// Return true if a request was sent to the server.
async function speakUp(form) {
  const box = form.elements.message;
  const text = box.value;
  if (!text.trim() || ("running" in talk.dataset && !(await queue(box)))) return false;
  const body = new FormData(form);
  box.value = ""; // the user can type the next message meanwhile
  const isTaken = await send(form, body);
  if (!isTaken) box.value = [text, box.value].filter(Boolean).join("\n");
  // Composer.js updates the height and the draft.
  box.dispatchEvent(new Event("input", { bubbles: true }));
  if (isTaken) toEnd();
  return true;
}

async function deliver(form) {
  // After a stop the user may want to change the message.
  if (form.matches("[data-stop]")) unqueue(false);
  if (!form.matches("[data-compose]")) await send(form);
  else if (!(await speakUp(form))) return;
  await read(); // a refused act may have been done in another window
}

// In the capture phase, before forms.js, which submits a form only once; these forms are sent
// again.
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!talk || !form.matches("[data-compose], [data-again], [data-decide], [data-stop]")) return;
    event.preventDefault();
    if (form.dataset.delivering) return;
    form.dataset.delivering = "true";
    try {
      await deliver(form);
    } finally {
      delete form.dataset.delivering;
    }
  },
  true,
);

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-unqueue]")) return;
  const box = queued?.box;
  unqueue(false);
  box?.focus();
});

// A form that leaves the page, such as deletion, decides the next page. So the page must not reload
// when it finds that its conversation is deleted.
window.addEventListener("submit", (event) => {
  leaving = !event.defaultPrevented;
  if (!leaving || !talk) return;
  forgive();
  asking.abort(); // the conversation may be deleted, so open requests are cancelled
  follow();
});

window.addEventListener("pageshow", (event) => {
  if (!event.persisted || !talk) return;
  leaving = false;
  asking = new AbortController();
  read();
});

// Fetch an expired proposal again.
document.addEventListener("over", () => {
  if (talk) read();
});

if (talk) {
  remember(talk);
  for (const id of PARTS.filter((name) => name !== "talk" && document.getElementById(name)))
    drawn.set(id, markOf(document.getElementById(id)));
  toEnd();
  follow();
}
