// Keeps the page up to date, and shows times in the reader's zone. Without it, all works with forms.
"use strict";
const PERIOD = 3000, TIMEOUT = 10000;
const main = document.querySelector("main[data-board]");
const [lost, notice, dialog] = ["lost", "notice", "ask"].map((id) => document.getElementById(id));
const style = (options) => new Intl.DateTimeFormat(undefined, options);
const today = style({ timeStyle: "short" }), other = style({ month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
const distant = style({ dateStyle: "medium", timeStyle: "short" });
const whole = style({ dateStyle: "full", timeStyle: "long" });
class Refusal extends Error {}
let tag = "", timer = 0, ahead = 0, heard = new Date();

function localise() {
  const now = new Date();
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const near = at.toDateString() === now.toDateString() ? today : other;
    const text = (at.getFullYear() === now.getFullYear() ? near : distant).format(at);
    if (time.textContent !== text) [time.textContent, time.title] = [text, whole.format(at)];
  }
}

function tick() {
  const count = document.getElementById("countdown");
  if (!count) return;
  const left = Math.max(0, Math.round((new Date(count.dataset.until) - Date.now() - ahead) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(left / 3600), minutes = Math.floor(left / 60) % 60;
  count.textContent = hours ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
}

// Makes `old` like `fresh` by as little as it takes: what is the same keeps its focus, its selection
// and whether it is open; what a person has typed stays.
function update(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) return void (old.data !== fresh.data && (old.data = fresh.data));
  if (old.isEqualNode(fresh) || (old.localName === "time" && old.dateTime === fresh.dateTime)) return;
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  const kept = new Set([...fresh.children].map((child) => child.id));
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    while (at?.id && !kept.has(at.id)) at = drop(at);
    const own = child.id && [...old.children].find((one) => one.id === child.id);
    const same = own || (!child.id && at && !at.id && at.nodeName === child.nodeName && at);
    if (!same) { old.insertBefore(child, at); continue; }
    // What is in use stays; what stands before it moves behind it, and is put in order later.
    if (isUsed(same)) while (at !== same) [at] = [at.nextSibling, old.append(at)];
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    update(same, child);
  }
  while (at) at = drop(at);
}

function isUsed(node) {
  const selection = getSelection();
  return node.contains(document.activeElement) || (!selection.isCollapsed && selection.containsNode(node, true));
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

async function ask(address, options) {
  const reply = await fetch(address, { ...options, signal: AbortSignal.timeout(TIMEOUT) });
  if (new URL(reply.url).pathname.endsWith("/login")) location.reload();
  if (reply.status >= 500) throw new Refusal(`${reply.status}: ${await reason(reply)}`);
  const skew = Date.parse(reply.headers.get("Date")) - Date.now();
  ahead = Math.abs(skew) > 2000 ? skew : 0;
  [heard, lost.hidden] = [new Date(), true];
  return reply;
}

// A proxy answers for a daemon that is gone, and a daemon that lives may have lost its store.
async function reason(reply) {
  const fault = (await parsed(reply)).querySelector("#notice .fault");
  return fault ? fault.textContent : "a proxy has no answer of the daemon.";
}

function tellLost(error) {
  const since = style({ timeStyle: "medium" }).format(heard);
  const text = error instanceof Refusal ? `Error ${error.message} What you see here is from ${since}.`
    : `The daemon has not answered since ${since}. What you see here is from then.`;
  if (lost.textContent !== text) lost.textContent = text;
  lost.hidden = false;
}

function show(page) {
  const fresh = page.querySelector("main[data-board]");
  if (fresh) [document.title] = [page.title, update(main, document.adoptNode(fresh))];
  localise();
  tick();
}

const parsed = async (reply) => new DOMParser().parseFromString(await reply.text(), "text/html");

async function refresh() {
  clearTimeout(timer);
  if (document.hidden || localStorage.getItem("still")) return;
  try {
    const reply = await ask(location.pathname + location.search, { headers: tag ? { "If-None-Match": tag } : {} });
    if (reply.status === 200) [tag] = [reply.headers.get("ETag"), show(await parsed(reply))];
  } catch (error) { tellLost(error); }
  timer = setTimeout(refresh, PERIOD);
}

async function send(event) {
  const form = event.target, by = event.submitter;
  event.preventDefault();
  dialog.close();
  const address = by?.hasAttribute("formaction") ? by.formAction : form.action;
  try {
    const reply = await ask(address, { method: "POST", body: new URLSearchParams(new FormData(form, by)) });
    const page = await parsed(reply);
    notice.replaceChildren(...page.getElementById("notice").childNodes);
    if (reply.ok) form.reset();
    show(page);
    notice.focus();
  } catch (error) { tellLost(error); }
}

// Deleting asks; without this script, a page of its own asks.
function question(event) {
  const link = event.target.closest("a[data-delete]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.querySelector("form").action = link.href.split("?")[0];
  document.getElementById("ask-what").textContent = link.dataset.delete;
  dialog.showModal();
}

// Who reads, or has a screen read, may want the page to hold still.
function addSwitch() {
  const label = document.createElement("label"), box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !localStorage.getItem("still");
  box.addEventListener("change", () => {
    box.checked ? localStorage.removeItem("still") : localStorage.setItem("still", "yes");
    refresh();
  });
  label.className = "check";
  label.append(box, " Live");
  document.querySelector("header nav").prepend(label);
}

localise();
if (main) {
  const address = new URL(location.href);
  ["notice", "job"].forEach((name) => address.searchParams.delete(name));
  history.replaceState(null, "", address);
  addSwitch();
  main.addEventListener("click", question);
  for (const part of [main, dialog]) part.addEventListener("submit", send);
  dialog.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
  document.addEventListener("visibilitychange", refresh);
  setInterval(tick, 1000);
  tick();
  timer = setTimeout(refresh, PERIOD);
}
