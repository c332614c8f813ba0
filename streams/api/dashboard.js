// The dashboard: asks the same API as everyone else, and redraws when /api/live says that a brand has changed.
// Everything that people wrote goes into the page as text, never as markup.

import { columns, interval, line, share } from "/charts.js";
import { about3, count, decimal, duration, locale, percent, points, since, tick, when, words } from "/words.js";

const WINDOWS = ["1h", "24h", "7d", "30d"];
const MOST = 300;  // mentions on the page
const REFRESH_MS = 2000;  // at most this often per change
const state = { brands: [], brand: null, window: "24h", counts: {}, gone: new Set(), wanted: 12 };
const $ = (id) => document.getElementById(id);

// --- building the page -----------------------------------------------------------------------------------------------

function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const fill = (id, ...children) => $(id).replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));

function outside(url, text, attributes = {}) {
  const safe = URL.canParse(url || "") && ["http:", "https:"].includes(new URL(url).protocol);
  return safe ? el("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank", ...attributes }, text) : el("span", attributes, text);
}

// --- asking ----------------------------------------------------------------------------------------------------------

class Refused extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

const headers = () => {
  const token = sessionStorage.getItem("token");
  return token ? { Authorization: `Bearer ${token}` } : {};
};

async function ask(path, parameters = {}) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`, { headers: headers() });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body.detail || response.statusText);
  return body;
}

const about = (what) => `/api/brands/${encodeURIComponent(state.brand)}/${what}`;

// --- the numbers -----------------------------------------------------------------------------------------------------

// `part` is the API's figure: {insufficient, interval, posts, …}; `value` the number in it.
function figure({ name, help, part, value, write, from = 0, to = 1, tone = "", base = "", missing = words.insufficient }) {
  const known = !part.insufficient && value !== null && value !== undefined;
  const [low, high] = (known && part.interval) || [null, null];
  const text = known ? write(value) : part.insufficient ? words.insufficient : missing;
  const range = low === null ? "" : `${words.interval}: ${write(low)} … ${write(high)}`;
  const label = `${name}: ${text}${range ? `, ${range}` : ""}`;
  return el("div", { class: "number" },
    el("h3", {}, el("abbr", { title: help }, name)),
    el("p", { class: `value ${known ? "" : "dim"}` }, text),
    known && to !== null ? interval({ value, low, high, from, to, tone, label }) : el("span"),
    el("p", { class: "base" }, [range, base, part.approximate ? words.approximate : ""].filter(Boolean).join(" · ")));
}

const leaning = ({ interval: range }) => (range && range[0] > 0 ? "good" : range && range[1] < 0 ? "bad" : "");
const of = (part) => `${count(part.count)} ${words.of} ${count(part.total)}`;

function waiting(part, name) {
  if (part.insufficient) return "";
  const time = part.median_s === null || part.median_s === undefined ? words.notHalf : duration(part.median_s);
  return name ? `${name}: ${time}` : time;
}

function drawNumbers(pulse) {
  if (!pulse.posts) { fill("numbers"); return; }
  const { sentiment, peer_share: peer, threads_without_brand: threads, reciprocity, unevenness, first_response: first } = pulse;
  const judged = `${count(sentiment.posts)} ${words.judged}`;
  fill("numbers",
    figure({ name: words.net, help: words.netHelp, part: sentiment, value: sentiment.net, from: -1, write: points, tone: leaning(sentiment), base: judged }),
    figure({ name: words.peer, help: words.peerHelp, part: peer, value: peer.share, write: percent, base: of(peer) }),
    figure({ name: words.threads, help: words.threadsHelp, part: threads, value: threads.share, write: percent, base: of(threads) }),
    figure({ name: words.reciprocity, help: words.reciprocityHelp, part: reciprocity, value: reciprocity.value, from: -1, write: decimal, base: words.ties(count(reciprocity.ties)) }),
    figure({ name: words.first, help: words.firstHelp, part: { insufficient: first.insufficient }, value: first.median_s, missing: words.notHalf, write: duration, to: null,
      base: [`${count(first.answered)} ${words.of} ${count(first.threads)} ${words.answered}`, waiting(first.by_brand, words.byBrand)].filter(Boolean).join(" · ") }),
    figure({ name: words.uneven, help: words.unevenHelp, part: unevenness, value: unevenness.gini, write: decimal, base: unevenness.absence_factor ? words.absence(unevenness.absence_factor) : "" }));
}

// --- charts ----------------------------------------------------------------------------------------------------------

// Fine steps for the volume, coarse ones for the sentiment, which needs some posts in each to say anything.
const STEPS = { "1h": ["1m", "10m"], "24h": ["30m", "2h"], "7d": ["4h", "1d"], "30d": ["1d", "3d"] };
const KINDS = ["positive", "neutral", "negative"];

function drawCharts(volume, mood) {
  if (!volume.points.some((point) => point.posts)) { fill("charts"); return; }
  const span = new Date(volume.end) - new Date(volume.start);
  const legend = el("span", { class: "legend" }, [...KINDS, "other"].map((kind) => el("span", { class: kind }, words[kind])));
  const first = el("figure", {}, el("figcaption", {}, words.volume, legend));
  const second = el("figure", {}, el("figcaption", {}, words.sentiment));
  fill("charts", first, second);
  const inner = (figure) => figure.clientWidth - 36;
  const stacks = volume.points.map((point) => ({
    parts: [...KINDS.map((kind) => [kind, point[kind]]), ["other", point.posts - KINDS.reduce((sum, kind) => sum + point[kind], 0)]],
    label: `${when(point.start)}: ${count(point.posts)}`, tick: tick(point.start, span) }));
  first.append(columns(stacks, `${words.volume}: ${count(volume.points.reduce((sum, point) => sum + point.posts, 0))}`, count, inner(first)));
  const dots = mood.points.map((point) => ({
    value: point.net ?? null, low: null, high: null, tick: tick(point.start, span),
    label: `${when(point.start)}: ${point.net === null || point.net === undefined ? words.insufficient : points(point.net)}` }));
  second.append(dots.some((dot) => dot.value !== null) ? line(dots, words.sentiment, inner(second)) : el("p", { class: "empty" }, words.insufficient));
}

// --- share of voice --------------------------------------------------------------------------------------------------

function drawVoice({ brands, missing }) {
  const named = (name) => (state.brands.find((brand) => brand.name === name) || { title: name }).title;
  const rows = brands.map(({ brand, voice: { by_posts: part } }) => {
    const known = !part.insufficient && part.share !== null && part.share !== undefined;
    const [low, high] = part.interval || [null, null];
    const label = `${named(brand)}: ${known ? percent(part.share) : words.insufficient}${low === null ? "" : `, ${words.interval}: ${percent(low)} … ${percent(high)}`}`;
    return el("li", {}, el("div", { class: "line" }, el("span", { class: brand === state.brand ? "here" : "" }, named(brand)),
      el("span", { class: "soft" }, known ? `${percent(part.share)} · ${count(part.count)}` : count(part.count))),
      known ? share({ value: part.share, low, high, here: brand === state.brand, label }) : null);
  });
  const few = brands.some(({ voice }) => voice.by_posts.insufficient);
  fill("voice", el("h2", {}, words.voice),
    brands.length + missing.length < 2 ? el("p", { class: "empty" }, words.alone) : el("ul", { class: "rows" }, rows),
    few && brands.length > 1 ? el("p", { class: "soft" }, words.insufficient) : null,
    missing.length ? el("p", { class: "soft" }, words.missing + missing.map(named).join(", ")) : null);
}

// --- health ----------------------------------------------------------------------------------------------------------

const WRITE = { share: percent, seconds: duration, index: decimal };

function component([name, { now, unit, history, change }]) {
  const write = WRITE[unit] || about3;
  const value = now.unreached ? words.notHalf : now.value === null ? words.insufficient : write(now.value);
  const real = Boolean(change && change.real);
  const arrow = real ? (change.difference > 0 ? "▲ " : "▼ ") : "";
  const place = history.percentile === null ? words.healthFew : `${count(history.percentile)} / 100 · ${words.healthOf(history.of)}`;
  return el("li", {}, el("div", { class: "line" }, el("span", { class: real ? "here" : "" }, words.components[name] || name),
    el("span", { class: "soft" }, arrow + value)),
    history.percentile === null ? null : share({ value: history.percentile / 100, low: null, high: null, here: real, label: `${words.components[name] || name}: ${place}` }));
}

function drawHealth({ components, summary, windows }) {
  const known = Object.entries(components).filter(([, { now }]) => now.unreached || now.value !== null);
  fill("health", el("h2", {}, words.health), summary.sentences.map((sentence) => el("p", { class: "soft" }, sentence)),
    known.length ? el("ul", { class: "rows" }, known.map(component)) : el("p", { class: "empty" }, words.insufficient),
    el("p", { class: "soft" }, windows ? words.healthBeside(windows) : words.healthFew));
}

// It changes slowly and takes the service some seconds: asked for once a minute, and again while it is worked out.
let healthTurn = 0;

async function refreshHealth(fresh = false) {
  const mine = ++healthTurn;
  if (fresh) fill("health", el("h2", {}, words.health), el("p", { class: "empty" }, words.healthWaiting));
  try {
    const health = await ask(about("health"), { window: state.window, say: locale });
    if (mine === healthTurn) drawHealth(health);
  } catch (error) {
    if (mine !== healthTurn) return;
    if (error.status === 503) setTimeout(() => { if (mine === healthTurn) refreshHealth(); }, 3000);
    else failed(error);
  }
}

// --- mentions --------------------------------------------------------------------------------------------------------

function mention({ post, sentiment, via, stages }) {
  const author = post.author || {};
  const kind = post.repost_of ? words.repost : post.reply_to ? words.reply : post.quote_of ? words.quote : "";
  const name = author.name || author.handle || author.id || "?";
  const text = (post.text || "").slice(0, 600);
  return el("li", { class: `mention ${sentiment || ""}`, title: sentiment ? words[sentiment] : via },
    el("div", {},
      el("div", { class: "who" },
        el("b", {}, name.slice(0, 80)),
        author.handle && author.handle !== name ? el("span", {}, `@${author.handle.replace(/^@/, "").slice(0, 60)}`) : null,
        outside(post.url, `${post.platform}, ${since(post.created_at)}`, { title: when(post.created_at) }),
        kind ? el("span", { class: "tag" }, kind) : null,
        (stages || []).map((stage) => el("span", { class: "tag" }, words.stages[stage] || stage)),
        post.platform === "demo" ? el("span", { class: "tag simulated" }, words.simulated) : null),
      text || !post.repost_of ? el("p", { class: text ? "" : "gone", lang: post.lang || null, dir: "auto" }, text || words.noText) : null));
}

function drawMentions(page) {
  const more = page.after && state.wanted < MOST;
  fill("mentions", el("h2", {}, words.mentions),
    page.mentions.length ? el("ol", {}, page.mentions.map(mention)) : el("p", { class: "empty" }, words.nothing),
    more ? el("button", { class: "more", type: "button", onclick: showOlder }, words.more) : null);
}

// All that is shown is asked for again each time: what was edited or deleted must not stay on the page.
function showOlder() {
  state.wanted = Math.min(MOST, state.wanted + 20);
  refresh();
}

// --- aside -----------------------------------------------------------------------------------------------------------

function drawSources({ sources }) {
  fill("sources", el("h2", {}, words.sources), sources.length ? el("ul", { class: "rows" }, sources.map((source) => el("li", {},
    el("div", { class: "line" }, el("span", {}, source.name),
      el("span", { class: `state ${source.state || "starting"}` }, words.states[source.state || "starting"] || source.state)),
    el("small", {}, [
      source.last_event_at ? since(source.last_event_at) : words.never,
      source.gaps && source.gaps.length ? words.gaps(source.gaps.length) : "",
      source.reason || ""].filter(Boolean).join(" · ")),
    (source.gaps || []).slice(-1).map((gap) => el("div", {}, el("small", {}, `${words.gapOf}: ${when(gap.start)} – ${when(gap.end)}, ${gap.reason}`)))))) 
    : el("p", { class: "empty" }, words.noSources));
}

function drawAlerts({ alerts }) {
  const shown = alerts.filter((alert) => alert.state === "firing" || Date.now() - new Date(alert.at) < 86400e3).slice(0, 6);
  fill("alerts", el("h2", {}, words.alerts), shown.length ? el("ul", { class: "rows" }, shown.map((alert) => el("li", {},
    el("div", {}, alert.title),
    el("div", { class: `state ${alert.state} ${severity(alert)}` },
      alert.state === "firing" ? `${words.severities[severity(alert)]} · ${since(alert.started_at)}` : words.resolved),
    alert.silenced ? el("small", {}, quietened(alert.silenced)) : null)))
    : el("p", { class: "empty" }, words.quiet));
}

const severity = (alert) => alert.severity || "warning";  // the API leaves out what is usual

// Who keeps it from being told, until when, and why.
function quietened(silence) {
  const what = silence.fingerprint ? words.acknowledged : words.silenced;
  const until = silence.ends_at ? words.until(when(silence.ends_at)) : "";
  return [what(silence.created_by || "?"), until, silence.comment].filter(Boolean).join(" · ");
}

// --- lead and notices ------------------------------------------------------------------------------------------------

function drawLead(pulse) {
  const span = words.windows[state.window];
  if (!pulse.posts) { fill("lead", el("p", { class: "quiet" }, words.none(span))); return; }
  const [posts, unit, authors, people, rest] = words.lead(count(pulse.posts), count(pulse.authors), span);
  const tone = pulse.sentiment.insufficient ? "" : words.tone[leaning(pulse.sentiment) || "even"];
  fill("lead", el("p", {}, el("b", {}, posts), unit, el("b", {}, authors), people, `${rest}.`, tone ? el("span", { class: "quiet" }, ` ${tone}`) : null));
}

function drawSimulated(pulse) {
  const demo = (pulse.by_platform || {}).demo || 0;
  const notice = $("simulated");
  if (notice) notice.remove();
  if (!demo) return;
  $("notices").append(el("p", { class: "notice simulated", id: "simulated" },
    el("strong", {}, demo === pulse.posts ? words.simulated : words.partly), words.simulatedHelp(count(demo), count(pulse.posts))));
}

function drawGaps(pulse) {
  const notice = $("gaps");
  if (notice) notice.remove();
  if (!pulse.gaps.length) return;
  $("notices").append(el("div", { class: "notice", id: "gaps" }, el("strong", {}, words.incomplete),
    pulse.gaps.slice(-3).map((gap) => el("p", {}, `${gap.source}, ${when(gap.start)} – ${when(gap.end)}: ${gap.reason}`)),
    pulse.gaps.length > 3 ? el("p", {}, words.moreGaps(count(pulse.gaps.length - 3))) : null));
}

function trouble(text) {
  const old = $("trouble");
  if (old) old.remove();
  if (text) $("notices").prepend(el("p", { class: "notice bad", id: "trouble", role: "alert" }, text));
}

function askForToken() {
  const input = el("input", { type: "password", autocomplete: "current-password", "aria-label": words.token });
  const enter = (event) => { event.preventDefault(); sessionStorage.setItem("token", input.value.trim()); location.reload(); };
  fill("notices", el("div", { class: "notice" }, words.token, el("form", { onsubmit: enter }, input, el("button", { type: "submit" }, words.enter))));
  input.focus();
}

// --- choosing --------------------------------------------------------------------------------------------------------

function drawChoices() {
  fill("windows", WINDOWS.map((window) => el("button", { type: "button", "aria-pressed": String(window === state.window),
    onclick: () => choose({ window }) }, words.windows[window])));
  fill("brands", state.brands.map((brand) => el("button", { type: "button", "aria-pressed": String(brand.name === state.brand), title: brand.description || null,
    onclick: () => choose({ brand: brand.name }) }, brand.title,
    el("small", {}, state.gone.has(brand.name) ? "…" : brand.name in state.counts ? count(state.counts[brand.name]) : ""))));
}

function choose(change) {
  Object.assign(state, change, { wanted: 12 });
  history.replaceState(null, "", `#${new URLSearchParams({ brand: state.brand, window: state.window })}`);
  drawChoices();
  refresh();
  refreshHealth(true);
}

// --- keeping up ------------------------------------------------------------------------------------------------------

let turn = 0;

async function refresh() {
  const mine = ++turn;
  const asked = { window: state.window };
  try {
    const [fine, coarse] = STEPS[state.window];
    const [pulse, volume, mood, voice, mentions] = await Promise.all([
      ask(about("pulse"), asked), ask(about("series"), { ...asked, step: fine }), ask(about("series"), { ...asked, step: coarse }),
      ask(about("voice"), asked), ask(about("mentions"), { ...asked, limit: state.wanted })]);
    if (mine !== turn) return;  // something else has been chosen meanwhile
    trouble("");
    drawLead(pulse); drawSimulated(pulse); drawGaps(pulse); drawNumbers(pulse); drawCharts(volume, mood); drawVoice(voice);
    drawMentions(mentions);
  } catch (error) {
    if (mine === turn) failed(error);
  }
}

async function refreshService() {
  const [sources, alerts] = await Promise.all([ask("/api/sources"), ask("/api/alerts", { say: locale })]);
  drawSources(sources);
  drawAlerts(alerts);
}

function failed(error) {
  if (error.status === 401) askForToken();
  else trouble(error instanceof Refused ? error.message : words.lost);
}

let due = null;

function soon() {
  if (due === null) due = setTimeout(() => { due = null; if (!document.hidden) refresh(); }, REFRESH_MS);
}

function heard(kind, data) {
  if (kind === "away") state.gone.add(data.brand);
  else { state.gone.delete(data.brand); state.counts[data.brand] = data.posts; }
  drawChoices();
  if (data.brand === state.brand) soon();
}

// fetch and not EventSource, which cannot send the token.
async function listen() {
  const response = await fetch("/api/live", { headers: headers() });
  if (!response.ok) throw new Refused(response.status, response.statusText);
  link("on", words.live);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((row) => [row.slice(0, row.indexOf(":")), row.slice(row.indexOf(":") + 2)]));
      if (fields.data) heard(fields.event, JSON.parse(fields.data));
    }
  }
}

function link(how, text) {
  $("link").className = `link ${how}`;
  $("link").textContent = text;
}

async function listenForEver() {
  for (let pause = 1000; ; pause = Math.min(pause * 2, 15000)) {
    try {
      await listen();
      pause = 1000;
    } catch (error) {
      if (error.status === 401) return;
    }
    link("off", words.lost);
    state.counts = {};
    drawChoices();
    await new Promise((resolve) => setTimeout(resolve, pause + 500 * Math.random()));
  }
}

async function begin() {
  document.documentElement.lang = locale;
  link("", words.waiting);
  try {
    state.brands = (await ask("/api/brands")).brands;
  } catch (error) {
    failed(error);
    if (error.status !== 401) setTimeout(begin, 3000);
    return;
  }
  trouble("");
  if (!state.brands.length) { trouble(words.noBrands); return; }
  const wanted = new URLSearchParams(location.hash.slice(1));
  const known = (name) => state.brands.some((brand) => brand.name === name);
  state.brand = known(wanted.get("brand")) ? wanted.get("brand") : state.brands[0].name;
  state.window = WINDOWS.includes(wanted.get("window")) ? wanted.get("window") : "24h";
  choose({});
  const service = () => refreshService().catch(failed);
  service();
  setInterval(service, 10000);
  setInterval(() => { if (!document.hidden) refresh(); }, 30000);  // the window moves on even when nobody speaks
  setInterval(() => { if (!document.hidden) refreshHealth(); }, 60000);
  addEventListener("resize", soon);
  listenForEver();
}

begin();
