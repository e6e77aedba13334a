/* The meeting screen in the browser.

   The page of the address is only the stage: a layer over everything Streamlit draws, outside its
   tree, that shows slides and listens to the keyboard, the clicker and the pointer. The slides come
   from a feeder: the same page in a hidden frame of the same origin, whose Streamlit session looks for
   new data. A feeder that falls silent or grows old is replaced by a fresh one; the old one goes once
   the new one has delivered. So the stage never reloads, never waits and never shows an error: what it
   shows last stays until something newer is there. */

const FRAME_MARK = "frame";
// So long a feeder may count a week before it is taken for dead.
const WORK_MS = 300000;
const POINTER_MS = 3000;
const ESCAPE_MS = 3000;

// The server's own address, whatever path it is served under.
const home = new URL(location.pathname.replace(/\/+$/, "").replace(/[^/]*$/, ""), location.origin).href;

function stored(name, fallback) {
  try { return sessionStorage.getItem("meeting-screen-" + name) ?? fallback; } catch { return fallback; }
}

function store(name, value) {
  try { sessionStorage.setItem("meeting-screen-" + name, value); } catch { /* private mode: kept in memory only */ }
}

class Screen {
  constructor(setup) {
    this.host = document.createElement("div");
    this.host.id = "meeting-screen";
    this.root = this.host.attachShadow({ mode: "open" });
    this.root.innerHTML =
      '<style></style>' + setup.patterns + '<div class="stage"><div class="slides"></div><div class="message" role="status"></div>' +
      '<footer><div><div class="segments"></div><span class="count"></span><span class="hold"></span></div>' +
      '<div class="told"></div></footer></div><div class="banner" role="status"></div>';
    this.part = Object.fromEntries(
      ["slides", "message", "segments", "count", "hold", "told", "banner"]
        .map(name => [name, this.root.querySelector("." + name)]));
    this.slides = [];
    this.place = 0;
    this.stamp = null;
    this.problem = null;
    this.failedAt = 0;
    this.isUp = true;
    this.beatAt = Date.now();
    this.workingUntil = Date.now() + WORK_MS;
    this.skewMs = 0;
    this.heldUntil = Number(stored("held", 0));
    this.turnedAt = Date.now();
    this.escapedAt = 0;
    this.stats = { beats: 0, updates: 0, feeders: 0, lostMs: 0 };
    this.setUp(setup);
    if (!this.heldUntil) this.hold(setup.idle_s);
    const asked = new URL(location.href).searchParams.get("theme");
    this.turn(["dark", "light"].includes(asked) ? asked : stored("theme", "light"));
    document.body.appendChild(this.host);
    this.stayInFront();
    this.listen();
    this.say();
    this.startFeeder();
    this.stayAwake();
    setInterval(() => this.watch(), 1000);
  }

  setUp(setup) {
    this.setup = setup;
    const style = this.root.querySelector("style");
    if (style.textContent !== setup.css) style.textContent = setup.css;
  }

  // ---------------------------------------------------------------- the feeder
  startFeeder() {
    this.candidate?.frame.remove();
    const url = new URL(location.href);
    url.hash = "";
    url.searchParams.delete("theme");
    url.searchParams.set(FRAME_MARK, "1");
    const frame = document.createElement("iframe");
    frame.src = url.href;
    frame.title = "";
    frame.tabIndex = -1;
    frame.inert = true;
    frame.setAttribute("aria-hidden", "true");
    // Not display:none, which would stop its timers of drawing; it lies under the layer.
    frame.style.cssText = "position:fixed;inset:0;width:100vw;height:100vh;border:0;z-index:-1;pointer-events:none";
    this.candidate = { frame, startedAt: Date.now() };
    this.stats.feeders += 1;
    document.body.appendChild(frame);
  }

  receive(data, source) {
    const isNew = this.candidate?.frame.contentWindow === source;
    if (!isNew && this.feeder?.frame.contentWindow !== source) return;
    if (data.server_ms) this.skewMs = data.server_ms - Date.now();
    if (data.role === "slides" || data.problem) {
      if (isNew) this.promote();
      this.problem = data.problem || null;
    }
    if (this.feeder?.frame.contentWindow === source) {
      this.beatAt = Date.now();
      this.workingUntil = data.is_working ? Date.now() + WORK_MS : 0;
      this.stats.beats += 1;
    }
    if (data.role === "slides") this.take(data);
    this.say();
  }

  promote() {
    this.feeder?.frame.remove();
    this.feeder = this.candidate;
    this.feeder.startedAt = Date.now();
    this.candidate = null;
    window.focus();
  }

  take(data) {
    if (data.version !== this.setup.version && stored("renewed", "") !== data.version) {
      // The server runs newer code than this page: the one case in which the page itself reloads.
      store("renewed", data.version);
      location.reload();
      return;
    }
    this.stats.updates += 1;
    this.stamp = data.stamp;
    while (this.slides.length > data.slides.length) this.slides.pop().element.remove();
    data.slides.forEach((slide, n) => {
      const known = this.slides[n];
      if (!known) {
        const element = document.createElement("section");
        element.className = "slide";
        this.part.slides.appendChild(element);
        this.slides.push({ ...slide, element });
        element.innerHTML = slide.html;
        element.dataset.key = slide.key;
      } else if (known.html !== slide.html) {
        known.element.innerHTML = slide.html;
        known.element.dataset.key = slide.key;
        Object.assign(known, slide);
      }
    });
    if (!this.isPlaced && this.slides.length) {
      this.isPlaced = true;
      const wanted = decodeURIComponent(location.hash.slice(1)) || stored("place", "");
      this.show(Math.max(0, this.slides.findIndex(slide => slide.key === wanted)));
    } else {
      this.show(Math.min(this.place, this.slides.length - 1));
    }
  }

  // ------------------------------------------------------------ what is shown
  show(place) {
    if (!this.slides.length) return;
    this.place = (place + this.slides.length) % this.slides.length;
    this.slides.forEach((slide, n) => slide.element.classList.toggle("shown", n === this.place));
    const key = this.slides[this.place].key;
    store("place", key);
    if (location.hash !== "#" + key) history.replaceState(history.state, "", "#" + key);
    this.say();
  }

  say() {
    const { words } = this.setup;
    const isEmpty = !this.slides.length;
    this.host.toggleAttribute("data-empty", isEmpty);
    put(this.part.message, isEmpty ? [this.problem?.sentence || words.preparing, this.problem?.number] : []);
    if (this.part.segments.children.length !== this.slides.length) {
      this.part.segments.replaceChildren(...this.slides.map(() => document.createElement("i")));
    }
    [...this.part.segments.children].forEach((segment, n) => {
      segment.className = n < this.place ? "past" : n === this.place ? "now" : "";
    });
    text(this.part.count, isEmpty ? "" : `${this.place + 1} / ${this.slides.length}`);
    this.sayHold();
    this.sayAge();
  }

  sayHold() {
    const { words } = this.setup;
    const isLeaving = Date.now() - this.escapedAt < ESCAPE_MS;
    const isHeld = Date.now() < this.heldUntil;
    text(this.part.hold, isLeaving ? words.leaving : isHeld ? words.held : words.turning);
  }

  sayAge() {
    const { words } = this.setup;
    const now = Date.now() + this.skewMs;
    const ageMs = this.stamp?.fresh_ms ? now - this.stamp.fresh_ms : 0;
    const cadenceMs = this.stamp?.cadence_ms || Infinity;
    const age = ageMs > 2 * cadenceMs ? "old" : ageMs > cadenceMs ? "late" : "fresh";
    if (this.host.dataset.age !== age) this.host.dataset.age = age;
    const days = String(Math.floor(ageMs / 86400000));
    text(this.part.banner, age === "old" ? words.old.replace("{days}", days) : "");
    const notes = [];
    if (this.isLost()) notes.push(words.lost.replace("{time}", clock(this.beatAt + this.skewMs)));
    else if (this.problem && this.slides.length) notes.push(words.unread);
    else if (age === "late") notes.push(words.late.replace("{days}", days));
    const told = [notes.length ? "▲ " + notes[0] : "", this.stamp?.words || ""].filter(Boolean);
    text(this.part.told, told.join("　"));
  }

  turn(theme) {
    this.host.dataset.theme = theme;
    store("theme", theme);
  }

  // -------------------------------------------------------- keys and pointer
  hold(seconds) {
    this.heldUntil = Math.max(this.heldUntil, Date.now() + seconds * 1000);
    store("held", String(this.heldUntil));
  }

  listen() {
    const steps = {
      PageDown: 1, ArrowRight: 1, ArrowDown: 1, " ": 1, Enter: 1,
      PageUp: -1, ArrowLeft: -1, ArrowUp: -1, Backspace: -1,
    };
    const onKey = event => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const { key } = event;
      if (key in steps) this.go(this.place + steps[key]);
      else if (key === "Home" || key === "F5") this.go(0); // a clicker's start button sends F5
      else if (key === "End") this.go(this.slides.length - 1);
      else if (key === "d" || key === "D") this.turn(this.host.dataset.theme === "dark" ? "light" : "dark");
      else if (key === "Escape") this.leave();
      else if (/^[1-9]$/.test(key) && Number(key) <= this.slides.length) this.go(Number(key) - 1);
      else if (key === "F11" || key === "F12") return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener("keydown", onKey, true);
    this.host.addEventListener("click", () => { this.hold(this.setup.pause_s); this.say(); });
    this.host.addEventListener("contextmenu", event => event.preventDefault());
    this.host.addEventListener("pointermove", () => {
      this.host.toggleAttribute("data-pointer", true);
      clearTimeout(this.pointing);
      this.pointing = setTimeout(() => this.host.removeAttribute("data-pointer"), POINTER_MS);
    });
  }

  stayInFront() {
    // Streamlit's dialog about a lost connection makes all else inert: it shall neither show nor catch a click.
    const style = document.createElement("style");
    style.textContent = '[data-testid="stDialog"] { display: none !important; }';
    document.head.appendChild(style);
    new MutationObserver(() => this.host.removeAttribute("inert"))
      .observe(this.host, { attributes: true, attributeFilter: ["inert"] });
  }

  stayAwake() {
    // The room's screen must not go dark in mid-sentence; where the browser forbids it, it does not.
    const ask = () => document.hidden || navigator.wakeLock?.request("screen").catch(() => null);
    document.addEventListener("visibilitychange", ask);
    ask();
  }

  go(place) {
    // Standing still is what the chair asked for; nothing wraps round by hand.
    this.hold(this.setup.idle_s);
    this.show(Math.min(Math.max(place, 0), Math.max(this.slides.length - 1, 0)));
  }

  leave() {
    // A clicker's stop button sends Escape too: only the second one within three seconds leaves.
    if (Date.now() - this.escapedAt < ESCAPE_MS) location.assign(home);
    this.escapedAt = Date.now();
    this.say();
  }

  // ------------------------------------------------------------- every second
  isSilent() {
    return Date.now() > Math.max(this.workingUntil, this.beatAt + (3 * this.setup.beat_s + 10) * 1000);
  }

  isLost() {
    return !this.isUp || this.isSilent();
  }

  watch() {
    const now = Date.now();
    if (now < this.heldUntil) {
      this.turnedAt = now;
    } else if (this.slides.length && now - this.turnedAt >= this.setup.slide_s * 1000) {
      this.turnedAt = now;
      this.show(this.place + 1);
    }
    if (this.isLost()) this.stats.lostMs += 1000;
    this.ask();
    const isStale = this.feeder && now - this.feeder.startedAt > this.setup.renew_s * 1000;
    if (this.candidate && now - this.candidate.startedAt > WORK_MS && this.isUp) this.startFeeder();
    else if (isStale && !this.candidate && this.isUp) this.startFeeder();
    this.say();
  }

  async ask() {
    const now = Date.now();
    const everyMs = this.isUp ? this.setup.ask_s * 1000 : 1000;
    if (this.asking || now - (this.askedAt || 0) < everyMs) return;
    this.asking = true;
    this.askedAt = now;
    const was = this.isUp;
    try {
      const answer = await fetch(home + "_stcore/health",
        { cache: "no-store", signal: AbortSignal.timeout(4000) });
      this.isUp = answer.ok;
      await answer.text();
    } catch {
      this.isUp = false;
    }
    this.asking = false;
    if (this.isUp !== was) this.say();
    if (this.isUp && (!was || (this.isSilent() && !this.candidate))) this.startFeeder();
  }
}

function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function put(element, [sentence = "", small = ""]) {
  if (element.dataset.said === sentence + "\n" + small) return;
  element.dataset.said = sentence + "\n" + small;
  element.textContent = sentence;
  if (small) element.appendChild(document.createElement("small")).textContent = small;
}

function clock(ms) {
  return new Date(ms).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
}

export default function (component) {
  const { data } = component;
  if (data.role === "stage") {
    if (window.meetingScreen) window.meetingScreen.setUp(data);
    else window.meetingScreen = new Screen(data);
    return;
  }
  const stage = window.parent !== window ? window.parent.meetingScreen : null;
  stage?.receive(data, window);
}
