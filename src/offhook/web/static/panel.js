// The front panel: shows what the phone shows, and presses its keys.

import { follow, Keys } from "/static/wire.js";

const $ = id => document.getElementById(id);
const phone = $("phone");
const LOG_IN = `/login?next=${encodeURIComponent(location.pathname)}`;
const TITLE = document.title;
const WORD_STAYS = 8000; // ms
const IN_CALL = new Set(["offhook", "calling", "talking", "held", "conference"]);
const PATHS = { none: "Ringer", handset: "Handset", handsfree: "Speaker", headset: "Headset" };

let state = null; // as it was told last; null while it is not known

// --- what changes on the page, and nothing else does: what somebody has selected stays selected

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function set(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function element(tag, className = "", ...inside) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...inside);
  return made;
}

function drawing() {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  return made;
}

// As many children as there are things, each shown by `show`.
function fill(parent, things, make, show) {
  while (parent.children.length > things.length) parent.lastElementChild.remove();
  things.forEach((thing, place) => show(parent.children[place] ?? parent.appendChild(make()), thing, place));
}

// --- the screen

function showScreen({ page, title, icons, lines, notice, cursor, selected, softkeys }) {
  // A notice is the first line too, for those who know no better.
  const first = notice === null ? 0 : 1;
  const [typed, ...below] = lines.slice(first);
  const typing = cursor !== null, listing = page === "menu";
  phone.dataset.page = page;
  write($("title"), page === "idle" ? "offhook" : title);
  fill($("icons"), icons, () => element("li", "", drawing(), element("span", "hidden-text")), showIcon);
  set($("badge").firstElementChild, "href", `#badge-${page}`);
  $("typed").hidden = !typing;
  if (typing) showTyped(typed, cursor);
  $("list").hidden = !listing;
  fill($("list"), listing ? lines.slice(first) : [], makeItem, (item, text, place) =>
    showItem(item, text, place, selected === null ? -1 : selected - first));
  const text = typing ? below : listing ? [] : lines.slice(first);
  fill($("text"), page === "idle" ? [title, ...text] : text, () => element("p"), write);
  $("notice").hidden = notice === null;
  write($("notice"), notice ?? "");
  document.querySelectorAll(".soft button").forEach((key, place) => {
    const label = softkeys[place] ?? "";
    write(key.firstElementChild, label);
    set(key, "aria-label", label || `F${place + 1}, nothing on this page`);
    key.classList.toggle("blank", !label);
  });
}

function showIcon(item, name) {
  const id = name.replaceAll(" ", "-");
  item.dataset.icon = id;
  item.title = name;
  set(item.firstElementChild.firstElementChild, "href", `#icon-${id}`);
  write(item.lastElementChild, name);
}

function showTyped(text, cursor) {
  write($("before"), text.slice(0, cursor));
  write($("after"), text.slice(cursor));
  // The place where the next digit goes stays in sight.
  $("typed").scrollLeft = Math.max(0, $("before").offsetWidth - $("typed").clientWidth * 0.8);
}

function makeItem() {
  const button = element("button", "", element("span", "place"), element("span"));
  button.type = "button";
  return element("li", "", button);
}

function showItem(item, text, place, selected) {
  const button = item.firstElementChild, chosen = place === selected;
  write(button.firstElementChild, place < 9 ? `${place + 1}` : "");
  write(button.lastElementChild, text);
  button.tabIndex = chosen ? 0 : -1;
  // From the line that is selected it is so many steps to this one; the keys are those of a finger.
  button.dataset.steps = place - selected;
  if (chosen === (button.getAttribute("aria-current") === "true")) return;
  set(button, "aria-current", chosen);
  if (chosen) {
    const list = $("list"), { offsetTop: top, offsetHeight: height } = item;
    list.scrollTop = Math.min(top, Math.max(list.scrollTop, top + height - list.clientHeight));
  }
}

// --- lamps

function showLines({ accounts, calls }) {
  const lines = [...accounts.map(each => ["account", each]), ...calls.map(each => ["call", each])];
  fill($("lines"), lines, () => element("li"), (item, [kind, each]) => {
    if (item.dataset.kind !== kind) {
      item.dataset.kind = kind;
      const inside = [element("span", "lamp"), element("span", "who"), element("span", "how")];
      item.replaceChildren(kind === "call" ? element("button", "", ...inside) : element("div", "", ...inside));
    }
    (kind === "call" ? showCall : showAccount)(item, item.firstElementChild, each);
  });
}

function showAccount(item, line, { name, username, state: how, reason }) {
  item.dataset.lamp = how;
  write(line.children[1], name || username);
  write(line.children[2], name ? `${username}, ${how}` : how);
  item.title = reason ?? "";
}

// What pressing the key beside a call does to it.
const ON_CALL = {
  ringing: ["Answer", "answer"],
  calling: ["CallEnd", "give up"],
  talking: ["Hold", "hold"],
  held: ["UnHold", "resume"],
};

function showCall(item, button, call) {
  const [action, verb] = ON_CALL[call.state];
  const { who } = call;
  item.dataset.lamp = call.state;
  button.type = "button";
  button.dataset.action = action;
  button.dataset.call = call.id;
  set(button, "aria-label", `${who}, ${call.state}: ${verb}`);
  item.title = verb;
  write(button.children[1], who);
  write(button.children[2], call.duration > 0 ? `${call.state} ${clock(call.duration)}` : call.state);
}

function clock(duration) {
  const seconds = Math.floor(duration), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  const two = number => String(number).padStart(2, "0");
  return `${hours ? `${hours}:` : ""}${two(minutes % 60)}:${two(seconds % 60)}`;
}

function showLamps({ calls, audio, hook, muted, ringer_muted, dnd, forward, messages, missed, volume, screen }) {
  const inFront = calls.find(each => each.focused && each.state !== "ringing");
  const lit = {
    handset: hook === "off",
    "key-Speaker": audio === "handsfree",
    "key-Headset": audio === "headset",
    "key-Mute": inFront ? muted : ringer_muted,
    "do-Hold": inFront?.state === "held",
    "do-DND": dnd,
  };
  for (const [id, on] of Object.entries(lit)) set($(id), "aria-pressed", on);
  $("do-DND").dataset.action = dnd ? "DNDOff" : "DNDOn";
  $("do-Hold").dataset.action = inFront?.state === "held" ? "UnHold" : "Hold";
  $("key-Forward").classList.toggle("on", Object.values(forward).some(Boolean));

  const rings = calls.some(each => each.state === "ringing");
  const waiting = [[messages, "new message"], [missed, "missed call"]].filter(([count]) => count)
    .map(([count, what]) => `${count} ${what}${count > 1 ? "s" : ""}`).join(", ");
  $("beacon").dataset.lamp = rings ? "ringing" : waiting ? "message" : "off";
  write($("beacon-text"), rings ? "Ringing" : waiting);

  const page = screen.page;
  const path = IN_CALL.has(page) || (page === "idle" && inFront) ? audio : "none";
  write($("loudness-of"), PATHS[path]);
  $("loudness").value = volume[path === "none" ? "ringer" : path];
}

// --- for who does not see it

let spoken = "", called = "";
let speakLater;

function speak({ screen, calls }) {
  const { page, title, notice, selected, cursor } = screen;
  const lines = screen.lines.slice(notice === null ? 0 : 1);
  const ringing = calls.find(each => each.state === "ringing");
  if ((ringing?.id ?? "") !== called) {
    called = ringing?.id ?? "";
    write($("urgent"), ringing ? `Incoming call from ${ringing.who}` : "");
  }
  // What ticks is no news; what is typed is said once the fingers rest.
  const shown = selected === null ? lines.map(line => line.replace(/\b(\d+:)?\d\d:\d\d\b/g, "").trim()) : [screen.lines[selected]];
  const words = [notice, page === "idle" ? "" : title, ...shown].filter(Boolean).join(". ");
  if (words === spoken) return;
  spoken = words;
  clearTimeout(speakLater);
  speakLater = setTimeout(() => write($("polite"), words), cursor === null ? 100 : 800);
}

let wordGoes;

function say(word) {
  write($("word"), word);
  clearTimeout(wordGoes);
  wordGoes = setTimeout(() => write($("word"), ""), WORD_STAYS);
}

// --- the wire

const LINKS = { live: "", booting: "The phone is starting…", lost: "No connection. Trying again…" };

function showLink(link) {
  if (phone.dataset.link === link) return;
  phone.dataset.link = link;
  write($("link"), LINKS[link]);
  for (const button of phone.querySelectorAll("button")) set(button, "aria-disabled", link !== "live");
}

const forbidden = () => location.assign(LOG_IN);

const keys = new Keys({
  refused: say,
  unknown: say,
  forbidden,
});

follow("/api/v1/events", {
  forbidden,
  lost() {
    state = null;
    showLink("lost");
    document.title = TITLE;
  },
  state(told, booting) {
    state = booting ? null : told;
    showLink(booting ? "booting" : "live");
    if (booting) return;
    showScreen(told.screen);
    showLines(told);
    showLamps(told);
    speak(told);
    const ringing = told.calls.find(each => each.state === "ringing");
    document.title = ringing ? `☎ ${ringing.who} – ${TITLE}` : TITLE;
  },
});

// --- fingers

function press(button) {
  if (state === null) return say(LINKS[phone.dataset.link]);
  const { down, action, call, steps } = button.dataset;
  if (button.id === "handset") keys.press(state.hook === "off" ? { up: "Hook" } : { down: "Hook" });
  else if (down) keys.press({ down });
  else if (action) keys.act(action, call ? { call } : {});
  else if (steps) keys.press(...Array(Math.abs(steps)).fill({ down: steps < 0 ? "Up" : "Down" }), { down: "OK" });
}

phone.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button) press(button);
});

// A key that was clicked does not keep the focus: Enter is to be OK, and not that key once more.
phone.addEventListener("mousedown", event => {
  if (event.target.closest("button")) event.preventDefault();
});

const KEYS = { "#": "Pound", Enter: "OK", Escape: "Cancel" };
const ARROWS = { ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right" };

// The name of the key that a key of the keyboard stands for here; undefined where it keeps its own meaning.
function meant(key) {
  if (/^[0-9*]$/.test(key)) return key;
  if (key === "Backspace") {
    const place = state?.screen.softkeys.indexOf("Delete") ?? -1;
    return place < 0 ? undefined : `F${place + 1}`;
  }
  if (key in ARROWS) {
    const along = key === "ArrowLeft" || key === "ArrowRight";
    const moves = along ? state?.screen.cursor !== null : state?.screen.page === "menu" || state?.calls.length > 1;
    return state && moves ? ARROWS[key] : undefined;
  }
  return KEYS[key];
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "Enter" && event.target.closest("button, a, summary")) return;
  const down = meant(event.key);
  if (down === undefined) return;
  event.preventDefault();
  if (event.repeat && !(event.key in ARROWS) && event.key !== "Backspace") return;
  const button = phone.querySelector(`[data-down="${down}"]`);
  press(button);
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 120);
});
