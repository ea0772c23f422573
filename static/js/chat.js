// The talk with the assistant while it happens: text as it comes, everything else as the server draws it.
//
// The page is whole without this. With it, what is told comes over one stream: pieces of text are put where they belong at once; at every other event the
// parts of the page are read again and only what has changed is replaced. A dropped stream goes on behind the last event that was seen.

const PARTS = ["talk", "compose-actions", "about", "conversations", "nav-approvals", "nav-enquiries", "nav-waiting"];
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
let queued = null; // the message that is sent once the answer is complete, and what then follows
let seen = Number(talk?.dataset.seq ?? 0); // what stands on the page
let heard = Number(talk?.dataset.heard ?? 0); // what was read aloud, or stood there at the beginning: a page that is read again may be ahead of the stream
let leaving = false;

function say(kind, text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind, text } }));
}

function token() {
  return document.querySelector("meta[name=csrf-token]").content;
}

// Drawing: what the server has drawn is compared with what it drew before, so that an open card stays open and a reader is not told twice.

// On a phone the page scrolls, not the talk in it.
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

// Tokens and clocks differ at every reading and mean no change.
function markOf(part) {
  return part.outerHTML.replace(/name="csrf_token" value="[^"]*"/g, "").replace(/<time[^>]*>[^<]*<\/time>/g, "");
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

// Whoever was on a button of what goes is put on the same button of what comes, or where one speaks.
function swap(old, fresh) {
  const at = old.contains(document.activeElement) ? document.activeElement : null;
  const name = at?.getAttribute("aria-label");
  if (fresh) old.replaceWith(fresh);
  else old.remove();
  if (!at) return;
  const same = at.id ? document.getElementById(at.id) : name && fresh?.querySelector(`[aria-label="${CSS.escape(name)}"]`);
  (same || document.querySelector("[data-compose] textarea") || talk).focus({ preventScroll: true });
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
  for (const [id, words] of requestsIn(talk)) if (asked.has(id) && asked.get(id) !== words) speak(words);
  if (stay) toEnd();
}

// What is said of each request: its line, and who has edited it; once it is decided, how and by whom. The minutes that are left go by without a word.
function requestsIn(root) {
  const words = (element) => element.textContent.trim().replace(/\s+/g, " ");
  const told = (request) => request.matches("p") ? [request] : [...request.querySelectorAll("header > span:not(.v-end), [data-edited]")];
  return new Map([...root.querySelectorAll("[id^=ask-]:is(p, .v-ask)")].map((request) => [request.id, told(request).map(words).join(". ")]));
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
    return reading.catch(() => {}); // whoever asked first asks again
  }
  reading = (async () => {
    do {
      again = false;
      missed(); // it is told where no answer comes either
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: asking.signal });
      if (answer.status === 404 || answer.redirected) {
        if (!leaving) location.reload(); // deleted elsewhere, or signed out: the server says which
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      reached();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of PARTS) {
        const fresh = page.getElementById(id);
        if (id === "talk") { if (fresh) redrawTalk(fresh); } else redrawPart(id, fresh);
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

// Where the browser has a line and the server does not answer: said once that has lasted, and taken back once it is over.

let away = null;

function missed() {
  away ??= setTimeout(() => { if (navigator.onLine) say("offline", words.away); }, AWAY_MS);
}

function forgive() {
  clearTimeout(away);
  away = null;
}

function reached() {
  forgive();
  const told = document.querySelectorAll('#toasts [data-toast="offline"]');
  told.forEach((toast) => toast.remove());
  if (told.length) say("done", words.online);
}

// Text as it comes.

function write({ turn, text }) {
  const home = document.querySelector(`[data-turn="${CSS.escape(turn)}"] > div`);
  if (!home) return;
  home.querySelector("[data-waiting]")?.setAttribute("hidden", "");
  drawn.delete(`entry-${turn}`); // more stands there than the server has drawn, so what it draws next takes its place
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

// What is read aloud: whole sentences, not pieces of them; the rest of one once the turn goes on with something else.

const SENTENCE = /^[\s\S]*[.!?…।:](?=\s)|^[\s\S]*\n/;
let unspoken = "";
let failed = false;
const ended = []; // turns that may have been stopped

function speak(text) {
  const words = text.trim();
  if (!words) return;
  const line = document.createElement("p");
  line.textContent = words;
  aloud.append(line);
  while (aloud.children.length > 20) aloud.firstChild.remove();
}

function readAloud(told) {
  if (told.restarts) { unspoken = ""; return; }
  if (told.kind === "text_delta") {
    unspoken += told.text;
    const whole = SENTENCE.exec(unspoken)?.[0] ?? "";
    unspoken = unspoken.slice(whole.length);
    speak(whole);
    return;
  }
  speak(unspoken);
  unspoken = "";
  if (told.kind === "final") ended.push(told.turn_id);
  else if (told.kind === "error") failed = true; // the event may be a word for programs; the page has the sentence
  else if (told.kind === "approval_request") speak(told.approval_summary ?? "");
}

function speakOfEnds() {
  for (const turn of ended.splice(0)) speak(document.querySelector(`#entry-${CSS.escape(turn)} [data-stopped]`)?.textContent ?? "");
  const told = failed ? [...talk.querySelectorAll("[data-failure]")].at(-1)?.textContent.trim() : "";
  if (!told) return; // the page that was read did not have it yet; the next one does
  failed = false;
  speak(told);
}

function hear(message) {
  const seq = Number(message.lastEventId);
  if (seq <= heard) return;
  heard = seq;
  const told = JSON.parse(message.data);
  readAloud(told);
  if (seq <= seen) {
    speakOfEnds();
    if (heard === seen) follow();
    return;
  }
  seen = seq;
  if (told.restarts) pieces.splice(0); // begun by a worker that died: the page is read again, and the words begin anew
  if (told.kind !== "text_delta" || told.restarts || !document.querySelector(`[data-turn="${CSS.escape(told.turn_id)}"]`)) {
    if (told.kind === "text_delta" && !told.restarts) pieces.push({ seq, turn: told.turn_id, text: told.text });
    read();
    return;
  }
  const stay = isNearEnd();
  const piece = { seq, turn: told.turn_id, text: told.text };
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
  // A turn began elsewhere; or a request was decided, edited or withdrawn there, or its time is over.
  stream.addEventListener("asked", (message) => { if (message.data !== talk.dataset.asked) read(); });
  stream.addEventListener("open", reached);
  stream.addEventListener("error", () => {
    missed();
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(() => read(), "live" in talk.dataset ? FALL_BACK_MS : FALL_BACK_IDLE_MS);
  });
}

// A colleague, or she in another window, may begin at any moment, so whoever looks on follows. A page that nobody sees and in which nothing happens does not.
document.addEventListener("visibilitychange", () => {
  if (!talk) return;
  if (document.hidden) follow();
  else if (!stream) read();
});

// Speaking, deciding, stopping: the page's own forms, sent without leaving the page.

async function send(form, body = new FormData(form)) {
  const button = form.querySelector("[type=submit]:not([form])");
  button?.setAttribute("aria-busy", "true");
  missed();
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": token() } });
    reached();
    if (answer.ok) return true;
    const told = new DOMParser().parseFromString(await answer.text(), "text/html");
    const alert = answer.headers.get("HX-Retarget") ? told.body.textContent.trim() : told.querySelector(".v-err")?.textContent.trim();
    say("error", alert || words.failed);
  } catch {
    say("offline", navigator.onLine ? words.away : words.offline);
  } finally {
    button?.removeAttribute("aria-busy");
  }
  return false;
}

// While an answer is told the next message waits in its field, which is locked and says so: what is sent is what was there when she sent it.

function queue(box) {
  box.readOnly = true;
  document.getElementById("queued").hidden = false;
  return new Promise((follow) => { queued = { box, follow }; });
}

function unqueue(isSent) {
  if (!queued) return;
  const { box, follow } = queued;
  queued = null;
  box.readOnly = false;
  document.getElementById("queued").hidden = true;
  follow(isSent);
}

// Whether anything was asked of the server.
async function speakUp(form) {
  const box = form.elements.message;
  const said = box.value;
  if (!said.trim() || "running" in talk.dataset && !(await queue(box))) return false;
  const body = new FormData(form);
  box.value = ""; // she may write on meanwhile
  const isTaken = await send(form, body);
  if (!isTaken) box.value = [said, box.value].filter(Boolean).join("\n");
  box.dispatchEvent(new Event("input", { bubbles: true })); // its height, and what is kept as its draft
  if (isTaken) toEnd();
  return true;
}

async function deliver(form) {
  if (form.matches("[data-stop]")) unqueue(false); // whoever stops an answer has something else to say first
  if (!form.matches("[data-compose]")) await send(form);
  else if (!(await speakUp(form))) return;
  await read(); // what was refused may have been done elsewhere, and is shown
}

// Before the page's other listeners: these forms are sent again and again, and a form that leaves the page only once.
document.addEventListener("submit", async (event) => {
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
}, true);

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-unqueue]")) return;
  const box = queued?.box;
  unqueue(false);
  box?.focus();
});

// A form that takes the page elsewhere, as deleting does, is the way out; the page does not take another because its conversation is gone.
window.addEventListener("submit", (event) => {
  leaving = !event.defaultPrevented;
  if (!leaving || !talk) return;
  forgive();
  asking.abort(); // nothing more is asked about a conversation that may be gone, and no answer to what was asked is waited for
  follow();
});

window.addEventListener("pageshow", (event) => {
  if (!event.persisted || !talk) return;
  leaving = false;
  asking = new AbortController();
  read();
});

// A proposal whose time is over is drawn anew.
document.addEventListener("over", () => { if (talk) read(); });

if (talk) {
  remember(talk);
  for (const id of PARTS.filter((name) => name !== "talk" && document.getElementById(name))) drawn.set(id, markOf(document.getElementById(id)));
  toEnd();
  follow();
}
