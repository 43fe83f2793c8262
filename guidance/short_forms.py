"""Short forms and elisions as people type them, written out. Everything here is folded (``normal.folded``).

Modest lists, made by hand: what is typed on phones every day and stands for one thing. What would hide another word
is left out: English "ill", "well", "hell", "were", "its"; French "t" (te, tu es), "tel"; Italian "cm"; Dutch "das",
"dr", "tel"; Bulgarian "мое"; what some read as the name of a group ("ss").

Portuguese contractions of the written language ("na", "pelo", "deste") stay as they are. Nobody may leave them out, so
they are typed the same way in a question and in a phrasing, and taking them apart would only make more short words.
Those of the spoken language ("pra", "num", "tou") are turned into the written ones.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _pairs(listed: str) -> dict[str, str]:
    """``short = what it stands for`` for each piece between commas; several short forms are divided by blanks."""
    found: dict[str, str] = {}
    for piece in listed.split(","):
        shorts, _, whole = piece.partition("=")
        found.update(dict.fromkeys(shorts.split(), " ".join(whole.split())))
    return found


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_NEGATED: Final = _set("do does did is are was were should could would has have had must need")

SHORT_FORMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                **{f"{verb}nt": f"{verb} not" for verb in sorted(_NEGATED)},
                **{f"{who}s": f"{who} is" for who in ["he", "she", "that", "what", "who", "where", "how", "there"]},
                **{f"{who}re": f"{who} are" for who in ["you", "they"]},
                **{f"{who}ve": f"{who} have" for who in ["i", "you", "we", "they"]},
                **{f"{who}ll": f"{who} will" for who in ["they", "you", "it", "that"]},
                **_pairs(
                    """
                    cant cannot = can not, wont = will not, aint = is not, shant = shall not, im = i am,
                    hed = he would, theyd = they would, whatre = what are, dunno = do not know,
                    gonna gunna = going to, goin = going, wanna = want to, gotta = got to, u = you, ur = your,
                    r = are, n = and, w = with, wo = without, pls plz = please, abt = about,
                    bc cos coz cuz = because, ppl = people, sb smb = somebody, sth smth = something, b4 = before,
                    msg = message, nite = night, tonite 2nite 2night = tonight, 2day = today,
                    2moro tmrw tmr tomoz = tomorrow, wk = week, wks = weeks, hrs = hours, mins = minutes,
                    thx ty = thanks, conf = conference, docs = documents, diff = difference
                    """
                ),
            }
        ),
        "fr": MappingProxyType(
            _pairs(
                """
                pq pk pkoi pourkoi = pourquoi, pcq pck psk parske parsk = parce que, slt = salut, bjr = bonjour,
                bsr = bonsoir, mtn mnt mtnt = maintenant, tjs tjr tjrs = toujours, qd kan = quand,
                qqn qq1 qlqn qlq1 = quelquun, qqch qqchose qlqch = quelque chose, qq qlq = quelque,
                bcp bcps = beaucoup, dc = donc, ds = dans, ms = mais, tt = tout, tte = toute, ts = tous, vs = vous,
                ns = nous, pr = pour, jsp = je sais pas, chui chuis jsuis = suis, jpeux = peux, jveux = veux,
                jdois = dois, jai g = ai, jetais = etais, cest c cst = est, cetait = etait, sest = est, nest = est,
                quil qil = il, quon = on, ke k = que, koi = quoi, ki = qui, keske qesque = que,
                svp = il vous plait, stp = il te plait, rdv = rendez vous, msg = message, msgs = messages,
                pb = probleme, pbs = problemes, dsl = desole, auj ajd aujd = aujourdhui, ya = y a, avt = avant,
                tps = temps, lgtps lgtmps = longtemps, ptet ptetre = peut etre, pdt = pendant, mm = meme,
                jms = jamais, ac = avec, sk = ce que
                """
            )
        ),
        "pt": MappingProxyType(
            _pairs(
                """
                pq pk pqe porq = porque, q k qe = que, n nn naum = nao, vc = voce, vcs = voces, tb tbm tmb = tambem,
                qd qdo qnd = quando, qq = qualquer, qm kem = quem, td = tudo, tds = todos, hj = hoje,
                dps dpois = depois, msg = mensagem, msgs = mensagens, mt mto = muito,
                mta = muita, mtos = muitos, mtas = muitas, obg obgd obgda = obrigado, tou to = estou,
                ta = esta, tava = estava, tavam = estavam, tamos = estamos,
                fds = fim de semana, ctg = contigo, cmg = comigo, axo = acho, eh = e, p = para, c = com, d = de,
                pra = para a, pro = para o, pras = para as, pros = para os, prum = para um, pruma = para uma,
                num = em um, numa = em uma, nuns = em uns, numas = em umas, dum = de um, duma = de uma,
                pf pfv pff = por favor, agr = agora, hr = hora, hrs = horas, tlm tlmv = telemovel,
                tel = telefone, cmo = como, nd = nada, ngm = ninguem, algm = alguem, blz = certo, aki = aqui,
                mm msm = mesmo, oq oqe = o que, bjs = beijos, prob = problema
                """
            )
        ),
        "it": MappingProxyType(
            _pairs(
                """
                nn = non, cmq = comunque, xke xche xk pke perke pk = perche, x = per, qnd qndo = quando,
                qlc qlcs qcs = qualcosa, qlcn qlcuno qlkuno = qualcuno, ke k = che, ki = chi, cn = con, sn = sono,
                tt = tutto, tnt = tanto, dv = dove, cs csa = cosa, kosa = cosa, kome = come, msg = messaggio,
                msgs = messaggi, grz = grazie, pf pfv xfav xfavore = per favore, dp = dopo, dmn = domani, anke = anche,
                qst qsto = questo, qsta = questa, qll qllo = quello, qlla = quella, xo = pero, xro = pero,
                nnt = niente, prox = prossimo, sett = settimana, tel = telefono, cell = cellulare,
                bn = bene, ql = quel, nsn = non sono, ank = anche, smp = sempre,
                po = poco
                """
            )
        ),
        "bg": MappingProxyType(
            _pairs(
                """
                кво = какво, ква = каква, къв = какъв, кви = какви, тва = това, ся = сега, щот щото = защото,
                нз = не знам, мн = много, тря тряа требва = трябва,
                дет = където, моа = мога, съобщ = съобщение, тел = телефон, утр = утре,
                здр = здравеи, блг = благодаря, вск = всеки, вс = всичко, некъв = някакъв
                """
            )
        ),
        "el": MappingProxyType(
            _pairs(
                """
                κ κι = και, τπτ = τιποτα, δλδ = δηλαδη, γτ = γιατι, σμρ = σημερα, τλκ = τελικα, ντξ οκ = ενταξει,
                πχ = για παραδειγμα, σκ = σαββατοκυριακο, πρπ = πρεπει, απ = απο, γι = για, σ = σε,
                μ = μου, τ = το, θ = θα, ν = να, δ δε = δεν, μη = μην, ειν = ειναι, μπρω μπορ = μπορω, κπ κπσ = καποιοσ,
                μνμ = μηνυμα, τηλ = τηλεφωνο, καλημ = καλημερα,
                ευχ = ευχαριστω, παρακ = παρακαλω, αυρ = αυριο, βρδ = βραδυ
                """
            )
        ),
        "nl": MappingProxyType(
            _pairs(
                """
                ff effe eff = even, idd = inderdaad, iig = in ieder geval, mss msch misch = misschien,
                wrm = waarom, wnr = wanneer, m'n mn = mijn, z'n zn = zijn, d'r = haar, zo'n = zo een, 't t = het,
                'n n = een, 'k k = ik, d = de, nie ni = niet, ipv = in plaats van, ivm = in verband met,
                bv bijv = bijvoorbeeld, aub svp ajb = alstublieft, vd = van de, gwn = gewoon, egt = echt, ofzo = of zo,
                nix niks = niets, da = dat, wa = wat, kheb = ik heb, kben = ik ben, kweet = ik weet, khad = ik had,
                tis = het is, ie = hij, hb = heb, bn = ben, w8 = wacht, ng = nog, zkr = zeker, vnd = vandaag,
                vndg = vandaag, mrgn = morgen, msg = bericht,
                iem = iemand, thx = dank
                """
            )
        ),
    }
)

# Before an apostrophe: the word after it counts. Articles and pronouns of French and Italian, English "d'you".
_ANYWHERE: Final = dict.fromkeys(
    _set("l d j n s t m c qu jusqu lorsqu puisqu quoiqu un dell nell all sull dall quell quest"), ""
)

ELIDED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "": MappingProxyType(_ANYWHERE),
        "it": MappingProxyType(
            {
                **_ANYWHERE,
                **_pairs(
                    """
                    dov = dove, com = come, cos = cosa, quand = quando, anch = anche, senz = senza, mezz = mezza,
                    coll degl dagl negl agl sugl v bell = , quant = quanto, nient = niente
                    """
                ),
            }
        ),
        "el": MappingProxyType(
            _pairs(
                """
                σ = σε, απ = απο, γι = για, κι = και, μ = μου, τ = το, θ = θα, ν = να, δ = δεν, αλλ = αλλα, παρ = παρα
                """
            )
        ),
        "bg": MappingProxyType({}),
    }
)
"""What stands before an apostrophe, by language, and what it is read as; nothing for most. ``""``: any other."""
