// The wire to the phone: what it shows, as it changes, and keys to it, in order and each at most once.

const SOONEST = 300, LATEST = 15_000; // ms between attempts to connect
const SILENCE = 40_000; // ms without a byte after which the wire is dead; a comment comes every 15 s
const PATIENCE = 15_000; // ms for the answer to a key
const MOST_KEYS = 100; // in one request, as the API has it
const MOST_WAITING = 60;

// A browser asks again by itself where a connection ends before the answer: by this the phone knows it.
const OF_THIS_PAGE = Array.from(crypto.getRandomValues(new Uint32Array(4)), each => each.toString(36)).join("");
let asked = 0;

const forbidden = status => status === 401 || status === 403;

// Follows the phone for good. `to` is told state(state, booting), lost() and forbidden().
export async function follow(url, to) {
  let pause = SOONEST;
  for (;;) {
    try {
      const status = await listen(url, to, () => { pause = SOONEST; });
      if (forbidden(status)) return to.forbidden();
    } catch { /* it says so below, and tries again */ }
    to.lost();
    await awake(pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LATEST);
  }
}

// The status that it was refused with, or undefined where the stream ended.
async function listen(url, to, connected) {
  const stop = new AbortController();
  const watch = setTimer(() => stop.abort(), SILENCE);
  try {
    const answer = await fetch(url, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: stop.signal });
    if (!answer.ok) return answer.status;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let state = {}, booting = false, unread = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      watch.again();
      const messages = (unread + value).split("\n\n");
      unread = messages.pop();
      for (const [event, told] of messages.map(read)) {
        if (event === "snapshot") state = told.state;
        else if (event === "state") state = { ...state, ...told.changed };
        else if (event !== "booting") continue;
        booting = event === "booting";
        connected();
        // What goes wrong with showing it is no fault of the wire's, and is said on the console.
        try { to.state(state, booting); } catch (error) { reportError(error); }
      }
    }
  } finally {
    watch.end();
    stop.abort();
  }
}

function read(message) {
  const fields = Object.fromEntries(message.split("\n").map(line => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
  }));
  return [fields.event, fields.data && JSON.parse(fields.data)];
}

function setTimer(act, after) {
  let timer = setTimeout(act, after);
  return {
    again() { clearTimeout(timer); timer = setTimeout(act, after); },
    end() { clearTimeout(timer); },
  };
}

// A pause that ends early where the network comes back or somebody looks at the page again.
function awake(pause) {
  return new Promise(resolve => {
    const stop = new AbortController();
    const wake = () => { stop.abort(); clearTimeout(timer); resolve(); };
    const timer = setTimeout(wake, pause);
    addEventListener("online", wake, { signal: stop.signal });
    document.addEventListener("visibilitychange", () => document.hidden || wake(), { signal: stop.signal });
  });
}

// What is pressed waits here until what was pressed before it is answered. A movement is one key or several
// that belong together; where one of them is refused the rest of that movement is not pressed.
// `to` is told refused(text), unknown(text) and forbidden().
export class Keys {
  #to; #waiting = []; #sending = false;

  constructor(to) { this.#to = to; }

  press(...keys) { this.#put({ keys }); }

  act(action, parameters = {}) { this.#put({ action, parameters }); }

  #put(movement) {
    if (this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(movement);
    if (!this.#sending) this.#send();
  }

  async #send() {
    this.#sending = true;
    try {
      while (this.#waiting.length) {
        const done = this.#waiting[0].action ? await this.#sendAction() : await this.#sendKeys();
        if (!done) this.#waiting = [];
      }
    } finally {
      this.#sending = false;
    }
  }

  async #sendAction() {
    const { action, parameters } = this.#waiting.shift();
    return (await this.#post(`/api/v1/actions/${action}`, parameters)) !== undefined;
  }

  async #sendKeys() {
    const movements = [];
    let count = 0;
    while (this.#waiting[0]?.keys && count + this.#waiting[0].keys.length <= MOST_KEYS) {
      count += this.#waiting[0].keys.length;
      movements.push(this.#waiting.shift());
    }
    const answer = await this.#post("/api/v1/keys", { keys: movements.flatMap(each => each.keys) });
    if (answer === undefined) return false;
    // What stood behind the movement that was refused was not pressed, and is still wanted.
    let pressed = answer.pressed ?? 0;
    if (pressed < count) {
      while (movements.length && pressed >= movements[0].keys.length) pressed -= movements.shift().keys.length;
      this.#waiting.unshift(...movements.slice(1));
    }
    return true;
  }

  // The answer; undefined where nothing that waits is to be sent any more. Nothing is sent twice: a key whose
  // answer did not come may have been pressed.
  async #post(url, told) {
    let status, answer;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": `${OF_THIS_PAGE}-${++asked}` },
        body: JSON.stringify(told),
        signal: AbortSignal.timeout(PATIENCE),
      });
      status = response.status;
      answer = await response.json();
    } catch {
      this.#to.unknown("No answer came: the phone may or may not have taken the last key.");
      return undefined;
    }
    if (forbidden(status)) return void this.#to.forbidden();
    if (status < 300) return answer;
    this.#to.refused(answer.text ?? answer.message ?? `the phone answers ${status}`);
    return status === 409 || status === 507 ? answer : undefined;
  }
}
