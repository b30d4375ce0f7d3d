// The viewer page: what /status, /events and /dialogs/unknown tell, and the screen by noVNC. Everything that comes from
// there is set as text, never as HTML: window titles are written by other programs.

const $ = (id) => document.getElementById(id);

const TONES = {
  ready: "good",
  "second-factor": "wanted", "unknown-dialog": "wanted", "hands-off": "wanted",
  "locked-out": "bad", failed: "bad", stopped: "bad", disconnected: "bad",
};

// Command, label, whether it is asked twice, argument. A restart or a stop interrupts whoever trades.
const COMMANDS = [
  ["resume", "Let the agent act", false],
  ["reconnect-data", "Reconnect data", false],
  ["reconnect-account", "Reconnect account", false],
  ["save-settings", "Save settings", false],
  ["restart", "Restart", true],
  ["restart", "Restart with login", true, { cold: true }],
  ["yield", "Yield the session", true],
  ["reclaim", "Reclaim the session", true],
  ["unlock", "Unlock the credentials", true],
  ["stop", "Stop", true],
];

const EVENTS_SHOWN = 300;
const TO_CONFIRM_MS = 5000;
const RETRY_MS = 3000;

let gateway = "";
let source = null;
let viewer = null;
let shownUnknown = null;

class SignedOut extends Error {}

const query = (path, more = {}) => {
  const parts = new URLSearchParams(gateway ? { of: gateway, ...more } : more);
  return parts.size ? `${path}?${parts}` : path;
};

async function ask(path, options = {}) {
  const response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  if (response.status === 401) {
    signedOut();
    throw new SignedOut();
  }
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = { text };
  }
  return { ok: response.ok, status: response.status, body, text: body.text ?? text };
}

const send = (path, body) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body ?? {}),
});

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// ---- Signing in

function signedOut() {
  source?.close();
  source = null;
  viewer?.disconnect();
  $("signed-in").hidden = true;
  $("sign-in").hidden = false;
  $("token").focus();
}

async function signedIn() {
  const { body } = await ask("/status");
  $("sign-in").hidden = true;
  $("signed-in").hidden = false;
  const names = [...body.gateways, ...body.down].map((one) => one.gateway).sort();
  $("choice").hidden = names.length < 2;
  $("gateway").replaceChildren(...names.map((name) => element("option", name)));
  gateway = names.length > 1 ? names[0] : "";
  follow();
}

$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("token").value;
  $("token").value = "";
  const response = await fetch("/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (response.ok) {
    $("sign-in-error").textContent = "";
    await signedIn();
  } else {
    $("sign-in-error").textContent = await response.text();
    $("token").focus();
  }
});

$("sign-out").addEventListener("click", async () => {
  await fetch("/session", { method: "DELETE" });
  signedOut();
});

$("gateway").addEventListener("change", () => {
  gateway = $("gateway").value;
  viewer?.disconnect();
  shownUnknown = null;
  follow();
});

// ---- State and events

const time = (seconds) => new Date(seconds * 1000).toLocaleString();

async function refresh() {
  const { body } = await ask("/status");
  const isMeant = (one) => !gateway || one.gateway === gateway;
  const down = body.down.find(isMeant);
  const status = body.gateways.find(isMeant) ?? { state: "stopped", evidence: down?.why ?? "" };
  const since = status.since ? `, since ${time(status.since)}` : "";
  $("state").textContent = status.state + since;
  $("state").dataset.tone = TONES[status.state] ?? "";
  document.title = `${status.state} - gatehand`;
  $("evidence").textContent = status.evidence;
  details(status);
  const wanted = status.state === "second-factor" || status.second_factor?.code_wanted === true;
  if (wanted && $("second-factor").hidden) {
    $("second-factor").hidden = false;
    $("code").focus();
  }
  $("second-factor").hidden = !wanted;
  await unknown();
}

// What is null is not known, or does not apply.
function inWords(value) {
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  const known = Object.entries(value).filter(([, inner]) => inner !== null);
  return known.map(([key, inner]) => `${key.replaceAll("_", " ")} ${inWords(inner)}`).join(", ");
}

function details(status) {
  const rows = [];
  for (const [key, value] of Object.entries(status)) {
    if (value === null || ["state", "evidence", "since", "gateway", "health"].includes(key)) continue;
    const shown = inWords(value);
    if (!shown) continue;
    rows.push(element("dt", key.replaceAll("_", " ")), element("dd", shown));
  }
  $("details").replaceChildren(...rows);
}

function follow() {
  source?.close();
  $("events").replaceChildren();
  source = new EventSource(query("/events", { last: 200 }));
  source.onopen = () => {
    $("connection").hidden = true;
    refresh().catch(ignoreSignedOut);
  };
  source.onerror = async () => {
    $("connection").textContent = "gatehand does not answer; trying again.";
    $("connection").hidden = false;
    // A refused request closes the source for good: the cookie may be void, or gatehand anew.
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(() => signedIn().catch(ignoreSignedOut), RETRY_MS);
    }
  };
  source.onmessage = (message) => {
    const told = JSON.parse(message.data);
    const { ts, event, gateway: _, ...rest } = told;
    const item = element("li", "");
    const said = Object.entries(rest).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
    item.append(
      element("time", new Date(ts).toLocaleString(), { datetime: new Date(ts).toISOString() }),
      element("span", [event, ...said].join(" · ")),
    );
    $("events").prepend(item);
    while ($("events").childElementCount > EVENTS_SHOWN) $("events").lastElementChild.remove();
    refreshSoon();
  };
}

// Many events come at once when one connects.
let soon = null;
function refreshSoon() {
  soon ??= setTimeout(() => {
    soon = null;
    refresh().catch(ignoreSignedOut);
  }, 100);
}

function ignoreSignedOut(error) {
  if (!(error instanceof SignedOut)) {
    $("connection").textContent = "gatehand does not answer; trying again.";
    $("connection").hidden = false;
  }
}

// ---- What a human has to do

$("code-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const code = $("code").value;
  $("code").value = "";
  const { text } = await send(query("/commands/code"), { code });
  $("answer").textContent = text;
});

async function unknown() {
  const { ok, body } = await ask(query("/dialogs/unknown"));
  const dialog = ok ? body.dialogs[0] : null;
  if (!dialog) {
    $("unknown").hidden = true;
    return;
  }
  if (dialog.id === shownUnknown) return;
  shownUnknown = dialog.id;
  // Reading its buttons takes a while, and tells whether a rule knows it by now.
  const read = await ask(query(`/dialogs/unknown/${dialog.id}`));
  if (shownUnknown !== dialog.id) return;
  const isKnown = read.body.known === true;
  $("unknown").hidden = isKnown;
  if (isKnown) return;
  $("unknown-about").textContent = `"${dialog.title}", seen ${new Date(dialog.ts).toLocaleString()}. ${read.ok ? "" : read.text}`;
  $("unknown-picture").src = query(`/dialogs/unknown/${dialog.id}/window.png`);
  const buttons = (read.body.buttons ?? []).map((label, at) => {
    const choice = element("label", "");
    choice.append(element("input", "", { type: "radio", name: "button", value: label, required: "", id: `button-${at}` }), label);
    return choice;
  });
  $("buttons").replaceChildren(...buttons);
  $("teach").disabled = buttons.length === 0;
}

$("teach-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = new FormData($("teach-form")).get("button");
  const name = $("rule-name").value || null;
  $("teach").disabled = true;
  const { ok, text } = await send(query(`/dialogs/unknown/${shownUnknown}/teach`), { button, name });
  $("teach").disabled = false;
  $("answer").textContent = text;
  $("unknown-about").textContent = text;
  if (ok) {
    shownUnknown = null;
    refreshSoon();
  }
});

for (const [command, label, isAskedTwice, argument] of COMMANDS) {
  const button = element("button", label, { class: "quiet", "data-command": command });
  let timer = null;
  button.addEventListener("click", async () => {
    if (isAskedTwice && timer === null) {
      button.textContent = `${label}: sure?`;
      timer = setTimeout(() => {
        timer = null;
        button.textContent = label;
      }, TO_CONFIRM_MS);
      return;
    }
    clearTimeout(timer);
    timer = null;
    button.textContent = label;
    $("answer").textContent = "…";
    try {
      const { text } = await send(query(`/commands/${command}`), argument);
      $("answer").textContent = text;
    } catch (error) {
      ignoreSignedOut(error);
    }
  });
  $("commands").append(button);
}

// ---- The screen

$("screen-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = $("viewer-password").value;
  $("viewer-password").value = "";
  let RFB;
  try {
    ({ default: RFB } = await import("/novnc/core/rfb.js"));
  } catch {
    $("screen-note").textContent = "noVNC is not installed where gatehand runs: apt install novnc, or name its folder in GATEHAND_NOVNC.";
    return;
  }
  viewer?.disconnect();
  $("screen").hidden = false;
  const address = new URL(query("/websockify"), location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const connected = new RFB($("screen"), address.href, { credentials: { username: "viewer", password }, shared: true });
  viewer = connected;
  connected.scaleViewport = true;
  let why = "";
  connected.addEventListener("connect", () => {
    $("screen-note").textContent = connected.desktopName ?? "";
    $("screen-form").hidden = true;
    $("disconnect").hidden = false;
    connected.focus();
  });
  // Whoever could change the key on its way could change this page, which came the same way.
  connected.addEventListener("serververification", () => connected.approveServer());
  connected.addEventListener("desktopname", (told) => { $("screen-note").textContent = told.detail.name; });
  connected.addEventListener("securityfailure", (told) => { why = told.detail.reason || "the password was refused"; });
  connected.addEventListener("credentialsrequired", () => {
    why = "a password is needed";
    connected.disconnect();
  });
  connected.addEventListener("disconnect", () => {
    if (viewer === connected) viewer = null;
    $("screen").hidden = true;
    $("disconnect").hidden = true;
    $("screen-form").hidden = false;
    $("screen-note").textContent = why ? `Not connected: ${why}.` : "Not connected.";
  });
});

$("disconnect").addEventListener("click", () => viewer?.disconnect());

signedIn().catch((error) => {
  if (!(error instanceof SignedOut)) ignoreSignedOut(error);
});
