"""Words that tell nothing of what a text is about, in the six languages that the classifier was trained on.

Function words, auxiliaries and the filler of posts; without accents, as `words.plain` compares them.
"""

from __future__ import annotations

from typing import Final

_ENGLISH = """
about above after again against all almost also although always among and another any anybody anyone anything are aren
around aside away back because been before being below between both but came can cannot come comes coming could couldn
did didn does doesn doing don done down during each either else enough even ever every everybody everyone everything
few first for from get gets getting give given goes going gone gonna good got had hadn has hasn have haven having
hello her here hers herself him himself his how however into isn its itself just keep kind know last least less let
lets like likely little look looking looks lot lots made make makes making many may maybe mean means might mine more
most much must myself need needs neither never new next nobody none nor not nothing now off often okay old once one
ones only onto other others our ours ourselves out over own part people please pretty probably put quite rather really
right said same saw say saying says see seem seems seen several shall she should shouldn since some somebody someone
something soon sort still stuff such sure take taken takes tell than thank thanks that the their theirs them
themselves then there therefore these they thing things think this those though through thus time times today together
too took toward towards tried try trying two under unless until upon use used uses using usually very via want wants
was wasn way ways well went were weren what whatever when where whether which while who whoever whole whom whose why
will with within without won would wouldn yeah year years yes yet you your yours yourself day days
"""
_SPANISH = """
ademas ahi ahora algo alguien algun alguna algunas alguno algunos alla alli ambos ante antes aquel aquella aquellas
aquello aquellos aqui asi aun aunque bajo bastante bien buena buenas bueno buenos cada casi cerca cierto como con
contra cosa cosas creo cual cuales cualquier cualquiera cuando cuanta cuantas cuanto cuantos cuyo dado dar debe deben
decir del dentro desde despues dice dicen dicho dijo donde dos durante ella ellas ello ellos embargo entonces entre
era eran eras eres esa esas ese eso esos esta estaba estaban estado estais estamos estan estar estas este esto estos
estoy estuvo fin fue fuera fueron fui gente gracias gran grande haber habia habian hace hacen hacer hacia haciendo
hago han haria has hasta hay haya hecho hemos hizo hola hoy igual incluso ire jamas junto las les lejos lleva llevo
los luego mal mas mayor mejor menos mia mias mientras mio mios misma mismas mismo mismos momento mucha muchas mucho
muchos muy nada nadie ninguna ninguno ningun nos nosotras nosotros nuestra nuestras nuestro nuestros nueva nuevo nunca
otra otras otro otros para parece parte pero pesar poca pocas poco pocos poder podria porque primer primera puede
pueden puedo pues que quien quienes quiere quiero quiza quizas sabe saben saber sea sean segun seguro ser sera seran
seria sido siempre siendo sin sino sobre sois sola solamente solo somos son soy sus suya suyas suyo suyos tal tales
tambien tampoco tan tanta tantas tanto tantos tarde tener tenemos tenia tengo tenido tiempo tiene tienen toda todas
todavia todo todos total tras tus tuya tuyo una unas uno unos usted ustedes vais vamos van vas vaya veces ver vez vida
vosotros voy vuestra vuestro vale ano anos dia dias hablar jaja jajaja
"""
_PORTUGUESE = """
acho agora ainda alem algo alguem alguma algumas alguns ali ambos ante antes aos apenas apos aquela aquelas aquele
aqueles aquilo aqui assim ate atras atraves bem boa bom bons cada coisa coisas com como contra contudo cujo dar das
dela delas dele deles depois desde dessa dessas desse desses desta destas deste destes deve devem dia dias disse disso
disto diz dizer dois dos duas durante ela elas ele eles embora enquanto entao entre era eram essa essas esse esses
esta estao estar estas estava estavam este esteja estes estive estou facto faz fazem fazer fez ficar ficou foi fomos
for fora foram fosse fui gente grande haja hoje houve isso isto jamais junto lhe lhes logo mais mal mas melhor menos
mesma mesmas mesmo mesmos meu meus minha minhas muita muitas muito muitos nada nao nas nem nenhum nenhuma nessa nesse
nesta neste ninguem nos nossa nossas nosso nossos nova novo num numa nunca obrigado obrigada onde ontem outra outras
outro outros para parte pela pelas pelo pelos per pode podem poder pois por porem porque portanto pouca pouco poucos
pra primeira primeiro pro propria proprio quais qual qualquer quando quanto quantos quase que quem quer saber sabe
seja sejam sem sempre sendo ser sera seria sido sim sob sobre sois somente somos sou sua suas sao tal talvez tambem
tanta tanto tem tempo tendo tenha tenho ter teria teu teve tinha tive toda todas todavia todo todos tua tudo uma umas
uns vai vamos vao vem ver vez vezes voce voces vou ano anos kkk kkkk
"""
_FRENCH = """
ainsi alors apres assez aucun aucune aussi autant autour autre autres avaient avais avait avant avec avez avions avoir
avons beaucoup bien bon bonjour bonne bonnes car cela celle celles celui cependant certain certaines certains ces cet
cette ceux chacun chaque chez chose choses comme comment contre dans dehors deja depuis derriere des desormais deux
devant devrait dire dit doit doivent donc dont durant elle elles encore enfin ensuite entre envers est etaient etais
etait etant etat ete etes etre eux faire fais fait faites faut fois font gens grand grande hors ici ils jamais jour
jours jusque juste laquelle les leur leurs lequel lesquels loin lors lorsque lui maintenant mais malgre meme memes
merci mes mieux mis moi moins mon monde notre nos nous nouveau nouvelle non ont oui ouais par parce parfois parmi
partout pas passe pendant personne peu peut peuvent peux plupart plus plusieurs plutot pour pourquoi pourrait pourtant
pouvoir premier premiere pres presque puis puisque quand que quel quelle quelles quelque quelques quels quelqu qui
quoi rien sais sait sans sauf selon sera serait seront ses seul seule seulement sien sinon soi soit sommes son sont
sous souvent suis suite sur surtout tandis tant tard tel telle tellement tels temps tes tiens toi ton toujours tous
tout toute toutefois toutes tres trop trouve une unes vais vas vers veut veux voici voila voir vois voit vont vos
votre vous vraiment vrai annee ans aujourd hui
"""
_GERMAN = """
aber alle allem allen aller allerdings alles als also andere anderem anderen anderer anderes auch auf aus bald bei
beide beim bereits besser bin bis bist bitte brauche braucht bzw dabei dadurch dafur dagegen daher dahin damit danach
daneben dank danke dann daran darauf daraus darf darin daruber darum das dass dazu dein deine deinem deinen deiner dem
den denen denn dennoch der deren derer des deshalb dessen dich die dies diese diesem diesen dieser dieses dir doch
dort drei durch durfen ebenso eben eher eigentlich ein eine einem einen einer eines einfach einige einigen einmal erst
erste ersten etwa etwas euch euer eure fast finde finden findet fur gab ganz ganze ganzen gar geben gegen gehen geht
gemacht genau genug gerade gern gerne gesagt gewesen gibt ging gleich gut gute guten guter hab habe haben hallo hast
hat hatte hatten heute hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer immer indem ins ist jede jedem
jeden jeder jedes jedoch jemand jene jetzt kam kann kannst kaum kein keine keinem keinen keiner kommen kommt konnen
konnte konnten lange lassen leider leute leicht lieber los mache machen macht mag mal man manche mehr mein meine
meinem meinen meiner meist mich mir mit mochte muss mussen musste nach nachdem naturlich neben nein neu neue neuen
nicht nichts nie niemand noch nun nur oben ober oder ohne paar schon sehen sehr sei seid seien sein seine seinem
seinen seiner seit selbst sich sicher sie siehe sind sogar solche sollen sollte sollten sondern sonst soviel soweit
sowie statt tag tage trotzdem tun uber uberhaupt ubrigens und uns unser unsere unter viel viele vielen vielleicht vom
von vor voll vorher wahrend wann war waren warum was weg wegen weil weiter weitere welche welcher wenig wenige weniger
wenn wer werde werden wie wieder wieso will wir wird wirklich wissen wohl wollen wollte wurde wurden wusste zeit
ziemlich zum zur zuruck zusammen zwar zwei zwischen jahr jahre
"""
_ITALIAN = """
abbastanza abbia abbiamo adesso agli alcun alcuna alcune alcuni alla alle allo allora almeno altra altre altri altro
anche ancora anno anni appena assai avanti avere avete aveva avevano avevo avuto basta bene bravo buon buona buono
certo che chi chiunque ciao cio cioe circa coi colla come con contro cosa cose cosi cui dagli dai dal dalla dalle
dallo davanti davvero degli dei del della delle dello dentro detto deve devo dice dire dopo dove dovrebbe due dunque
durante ecco ella entrambi era erano ero essa esse essere essi fai fanno fare fatta fatto fin finche fino forse fra
fuori gente gia giorni giorno giu gli grande grandi grazie hai hanno infatti infine insieme intanto invece io lei loro
lui lungo mai male meglio meno mentre mia mie miei mio modo molta molte molti molto negli nei nel nella nelle nello
nemmeno nessun nessuna nessuno niente noi non nostra nostre nostri nostro nulla nuova nuovo ogni ognuno oltre ora
oppure ormai ovunque parte per perche pero persone piu poca pochi poco poi possa possono potrebbe potere prima primo
proprio puo pure qualche qualcosa qualcuno quale quali qualsiasi quando quanta quante quanti quanto quasi quei quella
quelle quelli quello questa queste questi questo qui quindi sai sara sarebbe sapere sei sembra sempre senza siamo
siano siete solo sono sopra sotto spesso stai stanno stare stata state stati stato stava stessa stesse stessi stesso
sto sua sue sugli sui sul sulla sulle sullo suo suoi tale tali tanta tante tanti tanto tempo troppo tua tue tuo tuoi
tutta tutte tutti tutto una uno vado vai vede vedere vero verso via viene voglio voi volta volte vorrei vostra vostro
vuoi vuole
"""
_POSTS = "amp com http https html lol omg org www xd btw imo imho tbh idk edit deleted removed gif jpg png status"

STOP_WORDS: Final = frozenset(" ".join((_ENGLISH, _SPANISH, _PORTUGUESE, _FRENCH, _GERMAN, _ITALIAN, _POSTS)).split())
