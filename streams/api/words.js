// The words of the page in English and Spanish, and how numbers, times and shares are written in each.

const EN = {
  live: "live", waiting: "waiting for the service …", lost: "no connection; trying again",
  windows: { "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days" },
  lead: (posts, authors, span) => [posts, posts === "1" ? " post by " : " posts by ", authors, authors === "1" ? " person" : " people", ` in the last ${span === "1 hour" ? "hour" : span}`],
  none: (span) => `Nobody has spoken in the last ${span === "1 hour" ? "hour" : span}.`,
  tone: { good: "The tone is favourable.", bad: "The tone is unfavourable.", even: "The tone is balanced, as far as the numbers can tell." },
  net: "Net sentiment", netHelp: "Positive minus negative, of all judged posts; −100 to +100.",
  peer: "Among themselves", peerHelp: "Share of replies, quotes and reposts between people, without the brand at either end.",
  threads: "Threads without the brand", threadsHelp: "Of the threads with two or more people, those in which no own account spoke.",
  reciprocity: "Reciprocity", reciprocityHelp: "How far people answer each other: 0 as by chance, 1 always.",
  first: "First response", firstHelp: "Median time to the first reply by someone else; unanswered threads count as waiting.",
  byBrand: "by the brand", uneven: "Unevenness", unevenHelp: "Gini of posts per author: 0 all alike, 1 one person says everything.",
  absence: (n) => (n === 1 ? "1 person wrote half of it" : `${n} people wrote half of it`), judged: "judged", answered: "answered", notHalf: "most still wait", ties: (n) => `${n} ties`,
  insufficient: "too few posts to say", approximate: "approximate", interval: "95 %", of: "of", never: "not yet",
  volume: "Posts", sentiment: "Net sentiment over time", negative: "negative", neutral: "neutral", positive: "positive", other: "reposts and not judged",
  voice: "Share of voice", missing: "not counted, its worker does not answer: ", alone: "The only brand of its group.",
  health: "The community", healthBeside: (n) => (n === 1 ? "Bars: its place among 1 earlier window." : `Bars: its place among ${n} earlier windows. High is not always good; there is no single score.`), healthFew: "too little past to compare", healthOf: (n) => `${n} earlier ${n === 1 ? "window" : "windows"}`, healthWaiting: "being worked out …",
  components: { people: "People", retention: "Retention", regulars: "Regulars", advocates: "Advocates", peer_share: "Among themselves", reciprocity: "Reciprocity", answered: "Threads answered", first_response: "First response", depth: "Depth of threads", virality: "Virality", core: "Core", unevenness: "Unevenness", fragmentation: "Fragmentation", threads_without_brand: "Threads without the brand", self_organised: "Self-organised ground" },
  mentions: "Latest", nothing: "Nothing yet.", more: "Show older", own: "own account", reply: "reply", quote: "quote", repost: "repost", noText: "(text no longer kept)",
  stages: { awareness: "awareness", consideration: "consideration", intent: "intent", purchase: "purchase", use: "use", loyalty: "loyalty", advocacy: "advocacy" },
  sources: "Sources", gaps: (n) => (n === 1 ? "1 gap" : `${n} gaps`), noSources: "No source has reported yet.", gapOf: "missing", incomplete: "These numbers are incomplete", moreGaps: (n) => `and ${n} earlier`,
  states: { starting: "starting", live: "live", retrying: "trying again", silent: "silent", stopped: "stopped", misconfigured: "misconfigured", finished: "finished" },
  alerts: "Alerts", quiet: "All quiet.", resolved: "resolved", severities: { info: "info", warning: "warning", critical: "critical" },
  acknowledged: (who) => `acknowledged by ${who}`, silenced: (who) => `silenced by ${who}`, until: (time) => `until ${time}`,
  simulated: "Simulated data", simulatedHelp: (n, all) => `${n === all ? "All" : `${n} of ${all}`} posts come from the built-in demo source. Nobody wrote them.`,
  partly: "Partly simulated data", token: "This service asks for its token", enter: "Enter", noBrands: "No brand is configured yet. Start with: tertulia up --brand \"Fairphone\"",
  
};

const ES = {
  live: "en vivo", waiting: "esperando al servicio …", lost: "sin conexión; se reintenta",
  windows: { "1h": "1 hora", "24h": "24 horas", "7d": "7 días", "30d": "30 días" },
  lead: (posts, authors, span) => [posts, posts === "1" ? " mensaje de " : " mensajes de ", authors, authors === "1" ? " persona" : " personas", ` en ${span === "1 hora" ? "la última hora" : "los últimos " + span}`],
  none: (span) => `Nadie ha hablado en ${span === "1 hora" ? "la última hora" : "los últimos " + span}.`,
  tone: { good: "El tono es favorable.", bad: "El tono es desfavorable.", even: "El tono es equilibrado, hasta donde los números permiten decirlo." },
  net: "Sentimiento neto", netHelp: "Positivos menos negativos, sobre los mensajes juzgados; de −100 a +100.",
  peer: "Entre ellos", peerHelp: "Parte de respuestas, citas y reenvíos entre personas, sin la marca en ningún extremo.",
  threads: "Hilos sin la marca", threadsHelp: "De los hilos con dos o más personas, aquellos en que no habló ninguna cuenta propia.",
  reciprocity: "Reciprocidad", reciprocityHelp: "Cuánto se responden unos a otros: 0 como por azar, 1 siempre.",
  first: "Primera respuesta", firstHelp: "Mediana hasta la primera respuesta de otra persona; los hilos sin respuesta cuentan como en espera.",
  byBrand: "de la marca", uneven: "Desigualdad", unevenHelp: "Gini de mensajes por autor: 0 todos igual, 1 una persona lo dice todo.",
  absence: (n) => (n === 1 ? "1 persona escribió la mitad" : `${n} personas escribieron la mitad`), judged: "juzgados", answered: "con respuesta", notHalf: "la mayoría espera", ties: (n) => `${n} lazos`,
  insufficient: "muy pocos mensajes para decirlo", approximate: "aproximado", interval: "95 %", of: "de", never: "todavía no",
  volume: "Mensajes", sentiment: "Sentimiento neto en el tiempo", negative: "negativos", neutral: "neutros", positive: "positivos", other: "reenvíos y no juzgados",
  voice: "Cuota de voz", missing: "sin contar, su proceso no responde: ", alone: "La única marca de su grupo.",
  health: "La comunidad", healthBeside: (n) => (n === 1 ? "Barras: su lugar frente a 1 ventana anterior." : `Barras: su lugar frente a ${n} ventanas anteriores. Alto no siempre es bueno; no hay una nota única.`), healthFew: "muy poco pasado para comparar", healthOf: (n) => (n === 1 ? "1 ventana anterior" : `${n} ventanas anteriores`), healthWaiting: "se está calculando …",
  components: { people: "Personas", retention: "Permanencia", regulars: "Habituales", advocates: "Defensores", peer_share: "Entre ellos", reciprocity: "Reciprocidad", answered: "Hilos con respuesta", first_response: "Primera respuesta", depth: "Profundidad de los hilos", virality: "Viralidad", core: "Núcleo", unevenness: "Desigualdad", fragmentation: "Fragmentación", threads_without_brand: "Hilos sin la marca", self_organised: "Terreno autoorganizado" },
  mentions: "Lo último", nothing: "Todavía nada.", more: "Ver anteriores", own: "cuenta propia", reply: "respuesta", quote: "cita", repost: "reenvío", noText: "(el texto ya no se guarda)",
  stages: { awareness: "conocimiento", consideration: "consideración", intent: "intención", purchase: "compra", use: "uso", loyalty: "fidelidad", advocacy: "recomendación" },
  sources: "Fuentes", gaps: (n) => (n === 1 ? "1 hueco" : `${n} huecos`), noSources: "Ninguna fuente ha informado todavía.", gapOf: "falta", incomplete: "Estos números están incompletos", moreGaps: (n) => `y ${n} anteriores`,
  states: { starting: "arrancando", live: "en vivo", retrying: "reintentando", silent: "en silencio", stopped: "parada", misconfigured: "mal configurada", finished: "terminada" },
  alerts: "Alertas", quiet: "Todo en calma.", resolved: "resuelta", severities: { info: "informativa", warning: "aviso", critical: "crítica" },
  acknowledged: (who) => `vista por ${who}`, silenced: (who) => `silenciada por ${who}`, until: (time) => `hasta ${time}`,
  simulated: "Datos simulados", simulatedHelp: (n, all) => `${n === all ? "Todos los" : `${n} de ${all}`} mensajes vienen de la fuente de demostración. No los escribió nadie.`,
  partly: "Datos en parte simulados", token: "Este servicio pide su clave", enter: "Entrar", noBrands: "Aún no hay ninguna marca. Empiece con: tertulia up --brand \"Fairphone\"",
  
};

const spanish = (navigator.languages || [navigator.language]).map((l) => l.slice(0, 2)).find((l) => l === "es" || l === "en") === "es";
export const words = spanish ? ES : EN;
export const locale = spanish ? "es" : "en";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0, useGrouping: "always" });
const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const rough = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const signed = new Intl.NumberFormat(locale, { maximumFractionDigits: 0, signDisplay: "exceptZero" });
const percentage = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const count = (n) => whole.format(n);
export const decimal = (n) => tenth.format(n);
export const about3 = (n) => rough.format(n);
export const points = (share) => signed.format(share * 100).replace("-", "−");
export const percent = (share) => percentage.format(share);
export const when = (time) => moment.format(new Date(time));

export function since(time, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, s]) => -seconds >= s) || ["second", 1];
  return ago.format(Math.min(0, Math.round(seconds / size)), unit);
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`.replace(".", spanish ? "," : ".");
  return `${Math.round(seconds / 86400)} d`;
}

export const tick = (time, spanMs) => (spanMs > 2 * 86400e3 ? day : clock).format(new Date(time));
