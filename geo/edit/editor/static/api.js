// Talking to the editor's own server, and nobody else.

/** An answer that is no success; `body` is what the server said about it. */
export class Answer extends Error {
  constructor(status, body) {
    super(body?.error ?? body?.message ?? `${status}`);
    this.status = status;
    this.body = body ?? {};
  }
}

/** No answer at all: the server is gone. */
export class Silence extends Error {}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', credentials: 'same-origin', ...options });
  } catch (error) {
    throw new Silence(error.message);
  }
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = { error: text.slice(0, 300) };
  }
  if (!response.ok) throw new Answer(response.status, body);
  return body;
}

/** The name of this tab: it survives a reload, and each tab keeps a journal of its own. */
export const TAB = (() => {
  const fresh = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  try {
    const name = sessionStorage.getItem('frontline-tab') ?? fresh();
    sessionStorage.setItem('frontline-tab', name);
    return name;
  } catch {
    return fresh();
  }
})();

/** What the server says under an address, as it stands there. */
export const read = (path) => call(path);

const query = (date) => `?${new URLSearchParams({ ...(date ? { date } : {}), tab: TAB })}`;

export const readState = (date) => call(`/api/state${query(date)}`);
export const readPing = (date) => call(`/api/ping${query(date)}`);

export const post = (name, body) => call(`/api/${name}`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ tab: TAB, ...body }),
});

/**
 * Ask again and again, never twice at once, and only for the newest: what `make` gives when its
 * turn comes is sent after a pause, and the answer goes to `use`, unless something newer waits.
 */
export class Asker {
  constructor(name, pause, make, use, fail) {
    Object.assign(this, { name, pause, make, use, fail, timer: 0, busy: false, again: false });
  }

  soon() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.now(), this.pause);
  }

  async now() {
    window.clearTimeout(this.timer);
    if (this.busy) {
      this.again = true;
      return;
    }
    const body = this.make();
    if (body === null) return;
    this.busy = true;
    let answer;
    try {
      answer = await post(this.name, body);
      if (!this.again) this.use(answer, body);
    } catch (error) {
      if (!(error instanceof Answer || error instanceof Silence)) throw error;
      this.fail(error);
    } finally {
      this.busy = false;
      if (this.again) {
        this.again = false;
        this.soon();
      }
    }
  }
}
