"""What the simulated community says: a grammar per language.

`{word}` is replaced by a random alternative of the rule of that name; `{brand}`, `{tag}`, `{name}` and mostly `{other}`
come from the conversation. Replies never name the brand. No real persons, no insults; every subject fits any brand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

Rules = Mapping[str, tuple[str, ...]]
_SLOT = re.compile(r"\{(\w+)\}")
_FIRST_LETTER = re.compile(r"^[¡¿]?\w")  # an account or a tag in front stays as it is

ES: Rules = {
    "praise": (
        "{hi}{brand} me tiene {happy}. {good_detail}",
        "{good_detail} Así da gusto, {brand}.",
        "Tengo que decirlo: con {brand} estoy {happy}. {good_close}",
        "Llevo {time} con {brand} y sigo {happy}. {good_close}",
        "{when} volví a {brand} y {good_fact}. {good_close}",
        "Le recomendé {brand} a {kin} y ahora me da las gracias. {good_detail}",
        "Lo mejor de {brand}: {aspect}. {good_close}",
    ),
    "complaint": (
        "{hi}¿soy yo o {aspect} de {brand} ha ido a peor? {bad_detail}",
        "{when} probé {brand} y {bad_fact}. {bad_close}",
        "Llevo {time} con {brand} y {bad_fact}. {bad_close}",
        "{bad_detail} Esperaba más de {brand}.",
        "Me fastidia decirlo, pero {brand} {disappoints}. {bad_detail}",
        "Con {brand} siempre igual: {bad_fact}. {bad_close}",
    ),
    "question": (
        "{hi}¿alguien que use {brand} me cuenta qué tal {aspect}? {thanks}",
        "¿Qué os parece {brand}? {doubt}",
        "Duda: ¿{brand} o {other}? {doubt}",
        "¿Vale la pena {brand} para {use}? {thanks}",
        "Estoy mirando {brand} para {use}. {doubt}",
        "¿Sabéis si {brand} mejora {aspect} pronto? {thanks}",
    ),
    "intent": (
        "Creo que este mes me animo con {brand}. {doubt}",
        "Después de leeros, me paso de {other} a {brand}. {good_close}",
        "{when} pido lo de {brand}, ya no le doy más vueltas. {good_close}",
        "Hecho: ya tengo {brand}. {good_close}",
        "Tercer año con {brand} y repito. {good_detail}",
        "Estoy a un paso de cambiar {brand} por {other}. {bad_detail}",
    ),
    "news": (
        "{when} vi lo nuevo de {brand}. {neutral_close}",
        "Hilo sobre {brand} y {aspect}. {neutral_close}",
        "{brand} ha cambiado {aspect}. {neutral_close}",
        "Resumen de mi semana con {brand}: {aspect}, {aspect} y poco más. {neutral_close}",
        "Hoy en el grupo hablamos de {brand} y de {aspect}. {neutral_close}",
    ),
    "crisis": (
        "{hi}¿a alguien más le falla {aspect} de {brand} ahora mismo? {crisis_close}",
        "{brand} caído otra vez, {bad_fact}. {crisis_close}",
        "Van {minutes} minutos esperando a {brand}. {crisis_close}",
        "¿{brand} va a decir algo? {bad_detail}",
        "{kin_cap} también está sin {brand}, {bad_fact}. {crisis_close}",
        "Necesitaba {brand} para {use} y nada, {bad_fact}. {crisis_close}",
        "{brand}, ¿qué pasa con {aspect}? {bad_detail} {crisis_close}",
        "Qué tarde con {brand}: {bad_fact}. {crisis_close}",
        "No me funciona nada de {brand} desde hace {minutes} minutos. {crisis_close}",
    ),
    "campaign": (
        "Me apunto a lo de {brand}: mi historia va con #{tag}. {good_close}",
        "#{tag} {good_detail} {brand}, buena idea.",
        "Mi rincón favorito gracias a {brand}, {aspect} incluida la charla. #{tag}",
        "¿Alguien más participa en #{tag} de {brand}? {thanks}",
        "Lo conté para #{tag}: {time} con {brand} y {good_fact}. {good_close}",
        "{hi}me gusta leer #{tag} antes de dormir. {brand}, {good_close}",
        "Lo de #{tag} de {brand} no me convence del todo. {bad_close}",
        "{kin_cap} y yo ya hemos contado la nuestra a {brand}. #{tag}",
    ),
    "launch": (
        "Hoy empezamos #{tag}: cuéntanos tu historia con {brand} y compártela con #{tag}. ¡Os leemos!",
    ),
    "statement": (
        "Sabemos que algo no va bien y lo sentimos. El equipo de {brand} ya está en ello; os contamos más en un rato.",
        "Lamentamos las molestias. En {brand} estamos arreglándolo y avisaremos aquí mismo.",
    ),
    "solved": ("Ya está resuelto. Gracias por la paciencia, de parte de todo el equipo de {brand}.",),
    "reply_good": (
        "{at}totalmente de acuerdo. {good_close}",
        "{at}a mí me pasa igual: {good_fact}. {good_close}",
        "{at}pues yo estoy {happy}. {good_detail}",
        "{at}qué alegría leer esto. {good_close}",
        "{at}{good_detail}",
        "{at}en mi caso {good_fact}, y eso que llevo {time}.",
    ),
    "reply_bad": (
        "{at}uf, a mí también: {bad_fact}. {bad_close}",
        "{at}no te falta razón. {bad_detail}",
        "{at}yo lo dejé justo por {aspect}. {bad_close}",
        "{at}{bad_detail} {bad_close}",
        "{at}llevo {time} y {bad_fact}.",
        "{at}ánimo, no es cosa tuya. {bad_detail}",
    ),
    "reply_neutral": (
        "{at}¿y qué tal {aspect}? {thanks}",
        "{at}depende de {use}. {neutral_close}",
        "{at}yo miraría primero {aspect}. {neutral_close}",
        "{at}cuéntanos cómo acaba. {neutral_close}",
        "{at}¿lo has probado {when_low}? {neutral_close}",
        "{at}te leo, que estoy en las mismas. {neutral_close}",
    ),
    "reply_own": ("{at}{own_hi} {own_body}", "{at}{own_hi} {own_body} {own_bye}"),
    "own_hi": ("¡gracias por contarlo!", "hola, te leemos.", "qué bien leerte.", "gracias por el aviso.", "¡buenas!"),
    "own_body": (
        "Se lo pasamos al equipo y te respondemos hoy.",
        "¿Nos escribes por privado y lo miramos juntos?",
        "Sentimos la molestia, estamos en ello.",
        "Depende de cada caso, pero te ayudamos a elegir.",
        "Tomamos nota sobre {aspect}.",
        "Lo que dices de {aspect} nos sirve mucho.",
    ),
    "own_bye": ("Un saludo del equipo.", "Seguimos aquí.", "¡Feliz día!", "Nos leemos.", "🙂"),
    "quote": (
        "Mirad esto. {good_close}", "Esto mismo decía yo ayer. {neutral_close}",
        "Para tenerlo en cuenta. {bad_close}", "Gran hilo. {neutral_close}",
        "Leed las respuestas. {neutral_close}", "No puedo estar más de acuerdo. {good_close}",
    ),
    "chatter": (
        "Buenos días, {kin} y yo vamos a por el primer café. {neutral_close}",
        "¿Recomendáis algún libro para {use}? {thanks}",
        "{when} salió el sol y el barrio parecía otro. {good_close}",
        "Se me ha olvidado otra vez regar las plantas. {neutral_close}",
        "¿Quién se apunta a la quedada del {day}? {thanks}",
    ),
    "edit": ("(corrijo una errata)", "(edito: gracias por las respuestas)", "(edito: ya me han contestado)"),
    "hi": ("", "", "", "Hola, ", "Oye, ", "A ver, ", "Una cosa: ", "Buenas, "),
    "at": ("", "", "", "@{name} ", "@{name} "),
    "aspect": (
        "la atención", "el precio", "la calidad", "la web", "el envío", "la app", "el diseño", "el soporte",
        "la garantía", "la comunidad", "el trato", "la última novedad",
    ),
    "time": (
        "dos semanas", "un mes", "medio año", "un año", "tres años", "poco tiempo", "toda la vida",
        "unos días",
    ),
    "when": ("Ayer", "Hoy", "Esta mañana", "El otro día", "El sábado", "Anoche", "Hace un rato"),
    "when_low": ("otra vez", "hoy", "desde el móvil", "sin prisa", "con calma", "desde casa"),
    "other": ("otra opción", "la competencia", "lo de siempre"),
    "day": ("jueves", "viernes", "sábado", "domingo"),
    "minutes": ("diez", "quince", "veinte", "treinta", "cuarenta"),
    "kin": ("mi hermana", "mi vecino", "una amiga", "mi padre", "un compañero", "mi prima", "medio grupo"),
    "kin_cap": ("Mi hermana", "Mi vecino", "Una amiga", "Mi padre", "Mi prima"),
    "use": (
        "el día a día", "el trabajo", "un regalo", "viajar", "la familia", "empezar de cero",
        "el fin de semana",
    ),
    "happy": (
        "encantada", "muy contento", "feliz", "más que satisfecha", "gratamente sorprendido", "tranquila",
    ),
    "good_fact": (
        "todo salió a la primera", "me atendieron de maravilla", "me resolvieron la duda en un minuto",
        "se nota el cariño", "funciona mejor de lo que esperaba", "me ahorró un buen rato",
        "cumplió lo prometido",
    ),
    "good_detail": (
        "Me encanta {aspect}.",
        "{when} tuve un problema y me lo arreglaron con una sonrisa.",
        "Se nota que cuidan {aspect}.",
        "Por fin alguien se toma en serio {aspect}.",
        "Y {aspect}, de diez.",
        "Me ha sorprendido para bien {aspect}.",
    ),
    "good_close": (
        "¡Gracias!", "Repetiré seguro.", "Da gusto.", "Ojalá siga así.", "Lo recomiendo.", "😊", "Un acierto.",
        "Así sí.", "Qué bien.", "❤️",
    ),
    "disappoints": (
        "me ha decepcionado", "no es lo que era", "me ha dejado a medias", "me pone muy difícil seguir",
    ),
    "bad_fact": (
        "nadie contesta", "me han cobrado dos veces", "todo va lentísimo", "llegó tarde y mal",
        "se queda colgado cada dos por tres", "llevo días esperando", "no cumple lo que promete",
    ),
    "bad_detail": (
        "No entiendo qué ha pasado con {aspect}.", "Así no hay manera.",
        "{when} perdí una hora por culpa de esto.", "Y {aspect}, un desastre.", "Me preocupa {aspect}.",
        "Tres correos y ni una respuesta.",
    ),
    "bad_close": (
        "Qué pena.", "Una lástima.", "Así no.", "Me lo voy a pensar.", "Estoy harta.", "😕",
        "No lo recomiendo.", "A ver si lo arreglan.", "Muy decepcionado.",
    ),
    "crisis_close": (
        "¿Alguna novedad?", "Vaya día.", "Necesito una respuesta ya.", "Qué desastre.", "😡",
        "Esto es inaceptable.", "Por favor, decid algo.", "Así no se puede.",
    ),
    "neutral_close": (
        "", "", "Ahí lo dejo.", "Ya os contaré.", "¿Qué pensáis?", "Veremos.", "Tomo nota.", "🤔",
    ),
    "thanks": ("Gracias de antemano.", "Os leo.", "Se agradece cualquier pista.", "Mil gracias.", ""),
    "doubt": (
        "No termino de decidirme.", "Me frena {aspect}.", "Me han hablado bien de {aspect}.",
        "¿Experiencias?", "Os leo.", "Lo quiero para {use}.",
    ),
}  # fmt: skip

EN: Rules = {
    "praise": (
        "{hi}{brand} keeps making me {happy}. {good_detail}",
        "{good_detail} Nicely done, {brand}.",
        "Have to say it: I'm {happy} with {brand}. {good_close}",
        "{time_cap} with {brand} and still {happy}. {good_close}",
        "{when} I went back to {brand} and {good_fact}. {good_close}",
        "Told {kin} about {brand} and now they thank me. {good_detail}",
        "Best thing about {brand}: {aspect}. {good_close}",
    ),
    "complaint": (
        "{hi}is it just me or has {aspect} at {brand} got worse? {bad_detail}",
        "{when} I tried {brand} and {bad_fact}. {bad_close}",
        "{time_cap} with {brand} and {bad_fact}. {bad_close}",
        "{bad_detail} I expected more from {brand}.",
        "I hate to say it, but {brand} {disappoints}. {bad_detail}",
        "Same old story with {brand}: {bad_fact}. {bad_close}",
    ),
    "question": (
        "{hi}anyone here who uses {brand}, how is {aspect}? {thanks}",
        "What do you all think of {brand}? {doubt}",
        "Honest question: {brand} or {other}? {doubt}",
        "Is {brand} worth it for {use}? {thanks}",
        "Looking at {brand} for {use}. {doubt}",
        "Does anybody know if {brand} will improve {aspect} soon? {thanks}",
    ),
    "intent": (
        "I think this is the month I go for {brand}. {doubt}",
        "After reading you all I'm moving from {other} to {brand}. {good_close}",
        "Ordering from {brand} {when_low}, no more dithering. {good_close}",
        "Done: I finally got {brand}. {good_close}",
        "Third year with {brand} and I'm staying. {good_detail}",
        "One step away from swapping {brand} for {other}. {bad_detail}",
    ),
    "news": (
        "{when} I saw the new thing from {brand}. {neutral_close}",
        "A thread about {brand} and {aspect}. {neutral_close}",
        "{brand} has changed {aspect}. {neutral_close}",
        "My week with {brand}: {aspect}, {aspect} and not much else. {neutral_close}",
        "The group talked about {brand} and {aspect} today. {neutral_close}",
    ),
    "crisis": (
        "{hi}is {aspect} at {brand} broken for anyone else right now? {crisis_close}",
        "{brand} is down again, {bad_fact}. {crisis_close}",
        "{minutes_cap} minutes waiting for {brand}. {crisis_close}",
        "Is {brand} going to say anything? {bad_detail}",
        "{kin_cap} can't use {brand} either, {bad_fact}. {crisis_close}",
        "Needed {brand} for {use} and no luck, {bad_fact}. {crisis_close}",
        "{brand}, what is going on with {aspect}? {bad_detail} {crisis_close}",
        "What an afternoon with {brand}: {bad_fact}. {crisis_close}",
        "Nothing from {brand} has worked for me for {minutes} minutes. {crisis_close}",
    ),
    "campaign": (
        "Joining in with {brand}, my story is under #{tag}. {good_close}",
        "#{tag} {good_detail} Good idea, {brand}.",
        "My favourite corner thanks to {brand}, {aspect} and the chats included. #{tag}",
        "Anybody else taking part in #{tag} by {brand}? {thanks}",
        "Told it for #{tag}: {time} with {brand} and {good_fact}. {good_close}",
        "{hi}reading #{tag} before going to sleep. {brand}, {good_close}",
        "Not quite convinced by #{tag} from {brand}. {bad_close}",
        "{kin_cap} and I have told {brand} ours. #{tag}",
    ),
    "launch": (
        "Today we start #{tag}: tell us your story with {brand} and share it with #{tag}. We read every one!",
    ),
    "statement": (
        "We know something is wrong and we are sorry. The {brand} team is on it; more in a little while.",
        "Apologies for the trouble. At {brand} we are fixing it and will post here.",
    ),
    "solved": ("It is fixed. Thank you for your patience, from everyone at {brand}.",),
    "reply_good": (
        "{at}couldn't agree more. {good_close}", "{at}same here: {good_fact}. {good_close}",
        "{at}well, I'm {happy}. {good_detail}", "{at}so nice to read this. {good_close}", "{at}{good_detail}",
        "{at}in my case {good_fact}, after {time}.",
    ),
    "reply_bad": (
        "{at}oof, me too: {bad_fact}. {bad_close}",
        "{at}you have a point. {bad_detail}",
        "{at}I left precisely because of {aspect}. {bad_close}",
        "{at}{bad_detail} {bad_close}",
        "{at}{time} in and {bad_fact}.",
        "{at}hang in there, it's not you. {bad_detail}",
    ),
    "reply_neutral": (
        "{at}and how is {aspect}? {thanks}",
        "{at}depends on {use}. {neutral_close}",
        "{at}I'd look at {aspect} first. {neutral_close}",
        "{at}tell us how it ends. {neutral_close}",
        "{at}have you tried it {when_low}? {neutral_close}",
        "{at}following, I'm in the same boat. {neutral_close}",
    ),
    "reply_own": ("{at}{own_hi} {own_body}", "{at}{own_hi} {own_body} {own_bye}"),
    "own_hi": ("thank you for telling us!", "hi, we read you.", "good to hear from you.", "thanks for the heads-up."),
    "own_body": (
        "We're passing it on and will answer today.",
        "Send us a private message and we'll look at it together?",
        "Sorry for the trouble, we're on it.",
        "It depends, but we'll help you choose.",
        "Noted about {aspect}.",
        "What you say about {aspect} helps us a lot.",
    ),
    "own_bye": ("Best, the team.", "We're here.", "Have a lovely day!", "Talk soon.", "🙂"),
    "quote": (
        "Look at this. {good_close}", "Just what I said yesterday. {neutral_close}",
        "Worth knowing. {bad_close}", "Great thread. {neutral_close}", "Read the replies. {neutral_close}",
        "Could not agree more. {good_close}",
    ),
    "chatter": (
        "Morning all, {kin} and I are off for the first coffee. {neutral_close}",
        "Any book you'd recommend for {use}? {thanks}",
        "{when} the sun came out and the whole street looked new. {good_close}",
        "Forgot to water the plants again. {neutral_close}",
        "Who's in for the meetup on {day}? {thanks}",
    ),
    "edit": ("(fixed a typo)", "(edit: thanks for the answers)", "(edit: got a reply now)"),
    "hi": ("", "", "", "Hey, ", "So, ", "Right, ", "Quick one: ", "Hello, "),
    "at": ("", "", "", "@{name} ", "@{name} "),
    "aspect": (
        "the service", "the price", "the quality", "the website", "the delivery", "the app", "the design",
        "the support", "the warranty", "the community", "the welcome", "the latest update",
    ),
    "time": ("two weeks", "a month", "half a year", "a year", "three years", "a few days", "ages"),
    "time_cap": ("Two weeks", "A month", "Half a year", "A year", "Three years", "A few days"),
    "when": (
        "Yesterday", "Today", "This morning", "The other day", "On Saturday", "Last night", "A moment ago",
    ),
    "when_low": ("again", "today", "on the phone", "without hurry", "from home", "this week"),
    "other": ("another one", "the competition", "the usual"),
    "day": ("Thursday", "Friday", "Saturday", "Sunday"),
    "minutes": ("ten", "fifteen", "twenty", "thirty", "forty"),
    "minutes_cap": ("Ten", "Fifteen", "Twenty", "Thirty", "Forty"),
    "kin": ("my sister", "my neighbour", "a friend", "my dad", "a workmate", "my cousin", "half the group"),
    "kin_cap": ("My sister", "My neighbour", "A friend", "My dad", "My cousin"),
    "use": ("everyday life", "work", "a present", "travelling", "the family", "a fresh start", "the weekend"),
    "happy": (
        "delighted", "really happy", "more than satisfied", "pleasantly surprised", "at ease", "smiling",
    ),
    "good_fact": (
        "it all worked first time", "they looked after me wonderfully", "my question was sorted in a minute",
        "you can feel the care", "it works better than I hoped", "it saved me hours",
        "it did what it promised",
    ),
    "good_detail": (
        "I love {aspect}.",
        "{when} I had a problem and they fixed it with a smile.",
        "You can tell they care about {aspect}.",
        "Finally someone takes {aspect} seriously.",
        "And {aspect}, ten out of ten.",
        "I was surprised, in a good way, by {aspect}.",
    ),
    "good_close": (
        "Thank you!", "Will do it again.", "Lovely.", "Long may it last.", "Recommended.", "😊", "Spot on.",
        "Love it.", "So good.", "❤️",
    ),
    "disappoints": (
        "has let me down", "isn't what it used to be", "left me hanging", "makes it hard to stay",
    ),
    "bad_fact": (
        "nobody answers", "I got charged twice", "everything is painfully slow", "it came late and damaged",
        "it freezes all the time", "I have been waiting for days", "it doesn't do what it says",
    ),
    "bad_detail": (
        "I don't understand what happened to {aspect}.", "This is not working.",
        "{when} I lost an hour over this.", "And {aspect} is a mess.", "I'm worried about {aspect}.",
        "Three mails and not one answer.",
    ),
    "bad_close": (
        "What a shame.", "Such a pity.", "Not like this.", "I'll think twice.", "I'm fed up.", "😕",
        "Can't recommend it.", "Hope they fix it.", "Very disappointed.",
    ),
    "crisis_close": (
        "Any news?", "What a day.", "I need an answer now.", "What a mess.", "😡", "This is unacceptable.",
        "Please say something.", "This can't go on.",
    ),
    "neutral_close": ("", "", "Just saying.", "Will report back.", "Thoughts?", "We'll see.", "Noted.", "🤔"),
    "thanks": ("Thanks in advance.", "All ears.", "Any hint helps.", "Many thanks.", ""),
    "doubt": (
        "Can't quite decide.", "It's {aspect} that holds me back.", "I hear good things about {aspect}.",
        "Experiences?", "All ears.", "It would be for {use}.",
    ),
}  # fmt: skip

GRAMMARS: Mapping[str, Rules] = {"es": ES, "en": EN}


def say(rng: Random, lang: str, rule: str, words: Mapping[str, str]) -> str:
    """One sentence or more from `rule`, with `words` for the slots that the conversation fills."""
    rules = GRAMMARS[lang]

    def fill(slot: re.Match[str]) -> str:
        name = slot[1]
        return words[name] if name in words else _SLOT.sub(fill, rng.choice(rules[name]))

    text = _SLOT.sub(fill, rng.choice(rules[rule])).strip()
    if lang == "es":  # the article melts into the preposition before it
        text = text.replace(" de el ", " del ").replace(" a el ", " al ")
    return _FIRST_LETTER.sub(lambda first: first[0].upper(), text, count=1)
