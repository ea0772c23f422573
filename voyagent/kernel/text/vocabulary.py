"""Words of messages that are not names, in English, romanised Hindi and Hindi."""

from __future__ import annotations

import unicodedata

_ENGLISH = """
be strike postponed fell stuck spouse mine desk printer brochures creditor creditors debtor
receivable receivables payables trade
debtors tenth bye a able about above absolutely abroad accept accepted accident account accounts
across act action actual actually add added adding additional address adjust adjusted adjustment
admin advance advice advise after afternoon afterwards again against age aged agency agent ago
agree agreed ahead air airline airlines airport alert all allow allowed almost alone along
already alright also alternate although always am amend amended amendment among amount an and
anniversary announce another answer any anybody anyone anything anyway anywhere apart apologies
apply applied applying appointment approve approved approx approximately april are area arrange
arranged arrangement arrival arrive arrives arriving as aside ask asked asking asks assign
assist assistance at attach attached attachment attend attended august auto available avail
availability avoid await awaiting aware away awesome baby back backed bad bag baggage balance
bank banks base based basic basis bath beach beautiful because become bed bedroom beds been
before begin behind being believe below beside best better between beyond big bigger bill billed
billing bills birth birthday black block blocked board boarding book booked booking bookings
books born both bottom bought box branch break breakfast bring broken brother brought budget
building bus business busy but buy by cab cabin call called caller calling calls came can cancel
cancellation cancelled canceled cancelling cannot cant capacity car card care carefully carry
case cash cashier catch caught certain chance change changed changes changing charge charged
charges chart chat cheap cheaper cheapest check checked checking cheque cheques child children
choice choose chose chosen city class clean clear clearance cleared clearing client clients
close closed closing club coach code cold collect collected collection college colleague come
comes comfortable coming commission common communication company compare complaint complete
completed completely complimentary concern concerned condition conditions conference confirm
confirmation confirmed confirming confirms connect connecting connection consider contact
contains continue contract convenient conversation convert copy corner corporate correct
correction cost costing costs could count counter country couple course cover create created
credit credited crew cross cruise culture currency current currently custom customer customers
cut daily damage data date dated dates daughter day days dead deadline deal dear debit debited
december decide decided decision deduct deducted deep default definitely delay delayed delegates
delete deliver delivered deluxe demand departing department departs departure depend deposit
deposited describe destination detail details did didnt died difference different difficult
dinner direct directly director discount discuss discussed discussion distance do document
documents does doesnt doing dollar dollars done dont door double doubt down download draft
drafts drive driver drop dropped dropping due dues duly duplicate during duty each earlier early
easier easily east easy eat economy edit eight eighth either elder electricity eleven else
elsewhere email emails emergency employee employees empty end ended ending ends english enjoy
enough enquire enquired enquiries enquiry ensure enter entered entire entries entry equal error
especially estimate eta even evening event ever every everybody everyone everything everywhere
exact exactly example excellent except exchange exclude excluding executive exit expect expected
expense expenses expensive expire expired expires expiry explain express extend extended
extension extra eye face fact failed fair fall families family far fare fares fast faster father
favour february fee feel fees feet female few field fifth figure figures file filed files fill
final finalise finalised finalize finalized finally finance financial find fine finish finished
firm first fit five fix fixed flight flights flexible floor fly flying folder follow following
followup food foot for foreign forex forget forgot form format former forward forwarded
forwarding found four fourth free freeze frequent fresh friday friend friends from front full
fully fun fund funds further future garden gate gave general gents get gets getting gift girl
give given gives giving go goes going gone good got government grand great group groups
guarantee guess guest guests guide guided guy guys had half hand handle happen happened happy
hard has hasnt hate have havent having he head heads health hear heard heavy height held hello
help helped hence her here hers hey hi hide high higher highest hill him his hold holder holding
holds holiday home honeymoon honeymooners hope hospital hot hotel hotels hour hours house how
however huge hundred hurry husband i ie idea identity if ignore ill immediate immediately
important in include included includes including inclusive income incoming incorrect increase
increased indeed individual infant infants info inform information informed initial inquiry
inside instead insurance interest interested interior internal international into invoice
invoiced invoices invoicing is island isnt issue issued issues issuing it item items itinerary
its itself january job join joined joining journal journey july june just keep keeping keeps
kept key kid kids kind kindly kit kitchen knew know known knows ladies lady lakh lakhs land
landing language large last late later latest laundry lead leader leads learn least leave leaves
leaving led ledger left legal less let lets letter level license life lift light like liked
likes limit limited line lines link list listed lists little live lived local location log
logged long longer look looked looking looks loose lose loss lost lot lots love lovely low lower
lowest luggage lunch luxury machine made mail mailed main make makes making male man manage
management manager many map march margin mark marked marketing married match matched matter
matters maximum may maybe me meal meals mean means meant medical medicine meet meeting member
members memo men mention mentioned message messages met middle midnight might minimum minor
minus minute minutes miss missed missing mistake mobile modify mom moment monday money month
monthly months more morning most mother move moved moving much mum multiple must my myself name
named names national nationality near nearby nearest necessary need needed needful needs neither
never new newly news next nice night nights nine no nobody noon none nor normal normally north
not note noted notes nothing notice notify november now number numbers nurse occasion october of
off offer offered offers office official offsite often ok okay old older on once one ones
ongoing online only onto oops open opened opening opens operator option optional options or
order original other others otherwise ought our ours ourselves out outbound outside outstanding
over overdue own owner owes owe owed pack package packages page paid paper papers parents park
parking part partial partially participants parties partly partner party pass passed passenger
passengers passport passports past patient pause pay payable paying payment payments pays peace
peak pending people per percent perfect perhaps period person personal persons phone phones
photo photos physical pick picked picking pickup picture piece pilgrimage place placed places
plan plane planned planning plans play please pleasure pls plus point police policy pool poor
popular portal position possible possibly post posted posting pounds prefer preferably preferred
prefers premium prepare prepared present pretty previous price priced prices print printed prior
priority private probably problem proceed process processed processing produce profile proforma
profit program programme project promise promised promo proof proper properly property proposal
provide provided public pull purchase purchased purpose put putting quality quantity quarter
queries query question questions queue quick quickly quiet quit quite quotation quotations quote
quoted quotes rail rain rather rate rates reach reached read ready real really reason reasonable
rebook receipt receipts receive received receiving recent recently reception reconcile record
recorded recording records reduce reduced refer reference refund refundable refunded refuse
refused regard regarding regards register registered regular reissue reject related release
released relevant remain remaining remark remarks remember remind reminder remove removed rent
repeat replace replied reply report reported reports request requested requests require required
requirement requirements resend reservation reservations reserve reserved resort respect respond
response rest restaurant result resume retail return returned returning returns revert review
revise revised right rise road room rooms rough round route row rule rules run running rush sad
safe said salary sale sales same sanction sat saturday save saved saving say saying says
schedule scheduled school sea search season seat seats second secure see seeing seem seems seen
select selected self sell send sender sending sends senior seniors sent separate separately
september serious service services set setting settle settled settlement seven several shall
share shared sharing she sheet shift shifted shop short shortly should show showing shown shows
shuttle sick side sightseeing sign signed similar simple since single sir sister sit site
situation six sixth size sleep slight slot slow small smoking so social sofa soft sold some
somebody somehow someone something sometime sometimes somewhere son soon sorry sort sought sound
source south space spare speak special specific spell spend spent spoke sponsor staff stage
stand standard start started starting starts state statement statements station status stay
stayed staying stays step still stop stopped store story straight street strict strictly strong
student students stuff subject submit submitted subtotal such sudden suggest suggested
suggestion suit suitable suite summary summer sunday supplement supplier suppliers supply
support suppose sure surname surrender suspense swap system table take taken takes taking talk
talked tall tariff tax taxes taxi team tell temporarily ten tender tentative term terms than
thank thanks that the their them then there these they thing things think third thirty this
those though thought thousand three through throughout thru thursday thus ticket ticketed
ticketing tickets tie till time timely times timing timings title to today together told
tomorrow tonight too took top total totally touch tour touring tourism tourist tourists tours
toward towards town track train trains transaction transfer transferred transfers transit
transport travel traveled traveler travelers traveling travelled traveller travellers travelling
travels treat treated trial tried trip trips trouble true trust try trying tuesday turn twelve
twenty twice twin two type types umrah unable uncle under understand understood unfortunately
unit unknown unless unlike unpaid until unused up update updated updates upfront upgrade upon
upper upto urgent urgently us use used user uses using usual usually vacation valid validity
value various vegetarian vehicle vendor vendors verified verify version very via view villa visa
visas visit visiting visitor void voice voucher vouchers wait waited waiter waiting waitlist
waive waived walk walked wallet want wanted wanting wants warm was wasnt watch water way we
weather website wedding wednesday week weekday weekdays weekend weekends weekly weeks welcome
well went were west what whatever whatsapp wheelchair when whenever where whereas whether which
while white who whoever whole whom whose why wide wife will window wing winter wire wish wishes
with withdraw withdrawn within without woman women wont word words work worked working works
world worth would wouldnt write writing written wrong wrote year yearly years yellow yes
yesterday yet you young younger your yours yourself zero
"""
_CHAT = """
ac acc acct adt adl amt anybody appt apr arr asap atb aug auth bal bb bbf bday bf bkd bkg bk biz
btw cc chd chk chq cnf cnl cr cust dbl dec dep dept dest desc desp dom dr eod excl exp fd feb
fri frm fwd fyi gm gn gr grp gud hlo hrs hr htl hv ib imp inc incl inf info inr intl inv itin
jan jul jun jv kk lac lacs lcc mar max mgr min misc mob mon msg mth narr nd neft nett night nil
nos nov nt nts ob oct ok oneway ow paxs pax pdc pdf pkg plz pls plss pnr pp ppl ppt pref prev pt
qty qry qn rcpt rcvd rcv recd rec recvd recieved recieve ref reg rgds rm rqd reqd req resv ret
ro rt rtn sat sep sept sgl sgst sharp sim smthng sr ssr std stmt stn sub sun supp svc tb tba tbc
tc tcs tds th thnx thx thu thur tia tkt tkts tmrw tmr tnx todays tom tomo tot tpl trf trpl trs
tsfr ttl tue txn u ur urg vch vchr via w wed wht wil wk wl wrt xl yday yr yrs ytd cgst gst igst
vat upi utr gpay phonepe paytm imps rtgs hdfc icici sbi axis kotak pnb idfc bsp iata gds ndc dmc
fit git mice adm acm emd dob poi cif cp ap map ep cnb cwb extra quad triple double twin aed usd
eur gbp sar sgd thb jpy cny qar omr bhd kwd cad aud nzd chf myr lkr npr rs rupees rupee dhs
dirhams dirham euro euros baht umra haj hajj ziyarat yatra darshan nonstop non stop direct
eticket etickets evisa visit schengen eta airfare airticket airtickets paperwork reconfirm
reconfirmed refundable chargeable checkin checkout cancl canx paymnt amnt bookng hotl flght
pasport pasenger passanger custmer recpt cheqe yestrday tomorow tommorow tommorrow plase pleas
invoce invioce enqiry enquery inquirey quoation quatation quotaion ticktes tikets itenary
itinery itenerary iternary hotal recived receved payed depature arival confrm cancle cancelation
vechile
"""
_HINDI = """
sabse sasta sasti saste pakka pakki seedha padh dene karyakram batayega batayegi sham khareeda
becha naye aa aaj aana aane aap aapka aapko aapne aati aata aaya aaye aayi aayega ab abhi accha
achha acha aisa aise ajao akela akele andar apna apne apni arre aur aurat bacha bache bachcha
bachche bacho bachi bachchi bad bada bade badi badal badha badhia bahar bahot bahut baat baad
baaki baki bakaya bana banado banaiye banana banane banani banao banega bas bata batado bataiye
batana batao batau beta beti bhai bhaiya bhaisahab bhabhi bhej bhejdo bhejiye bhejna bhejo bheja
bheji bhi bhul bina biwi bol bola bole bolo bolna bura byaj chacha chadha chadhao chahie chahiye
chahte chahta chahti chaiye chal chala chalega chalo char chaar chhah chhe chhod chhota chhote
chhoti chhuti chukta chuka chuki chunao chutti daal daalo daaldo dal dalo daldo dam daam de dedo
degi dega dekar dekh dekho dekhna dekhlo dena denge denaa deni dete deti deta dhoondo dhoondh
dhundo dhyan di dijiye dijie dikha dikhao dikhado dikhaiye din dinon diya diye do dobara dono
doosra doosri doosre dost dur ek ekdum fir firse gaadi gadi gaya gaye gayi gayee ghar ghumna
ghumne ghoomne grahak hai hain ham haan haa hafta hafte hamara hamare hamari hamein hata hatao
hatado hazaar hazar hi hisaab hisab ho hoga hoge hogi hogaya hokar hona hone honi hota hote hoti
hu hua hue hui hum humara humare hume humein humko humne inka inke inki inko inse is iska iske
iski isko ismein isse itna itne jaa jaana jaane jaani jaankari jaata jaate jaati jaaye jaayega
jaayenge jaao jab jaha jahan jaldi jama jana jane janam jao jate jayega jayegi jayenge jeb ji
jinke jinka jinki jinko jisko jitna jitne jo jod jodo joddo jyada ka kaat kaato kab kabhi kagaz
kagaj kaha kahan kaise kaisa kal kam kaam kamra kamre kar karana karaya karao karde kardo
kardena kardiya karega karegi karein karen karenge kari karke karna karne karni karo kart karta
karte karti karvana karwa karwana karwado kariye kaun kaunsa kaunsi kaunse ke khali khaali khata
khaata khaate kharch kharcha kharche khilaf khol kholo ki kinko kinka kisi kis kiska kiske kiski
kisko kisne kiraya kitna kitne kitni kiya kiye ko koi kuch kul kya kyu kyun kyunki la laga lagao
lagado lagta lagega lagte laao lao le leke lekar lekin lelo lena lene liya liye likh likha
likhna likho likhlo log logo logon maaf maal maalik maang manga mangwana madam mahina mahine
main maine mana mangta mat matlab me mein mera mere meri mila milaan milao mile mili milega
milegi milta milti milna milne milenge mujhe mummy nahi nahin naam naya nayi ne neeche nikal
nikaal nikalo nikaalo nikaldo nikalna nikali nikla nakad paas paise paisa paisey pata pati patni
pe pehla pehle pehli pichla pichle pichhla pichhle pita poora poore poori pura pure puri par
parivar parso parson phir phone poocha pucha puchna puchne puch pooch puchhne raat rakh rakho
rakhna rakha raha rahe rahi rahega rahenge rakam rehne rok roko rupay rupaye rupaya rupiya ruk
rukna rukenge rukne saab saal saare saari saath sab sabhi sabka sabke sabko sahab sahib sahi
samay samajh samaan se shaam shaadi shaamil shayad subah subha sunao suno sirf tab tak taiyar
tareekh tarikh tayar teen tera tha the thi theek thik thoda thode thodi tum tumhara turant udaan
udhar un unhone unka unke unki unko unse us uska uske uski usko usme usne uss uthao wahan wahi
wala wale wali wapas wapsi waapas waapsi wo woh ya yaar yaad yaha yahan ye yeh yatri yatra zara
zaroor zaroori zyada lakh hazaron sau pachaas bees tees chalis sattar assi nabbe pachees dedh
dhai sava paune saade crore karod byora bhugtan raqam chukaya chukao adhik kripya
"""
_HINDI_SCRIPT = """
कीमत वालों पिछला पिछले पिछली हफ़्ते हफ्ते महीने महीना राइट ऑफ भाग बट्टे लिस्ट ईमेल
आइटिनरेरी मेल सीट ब्लॉक सीधा सीधे योजना कार्यक्रम शुक्रवार अर्ज़ी कागज़ दस्तावेज़
नियम मंज़ूर आदेश लेजर सूचना अगर अगला अगले अगली अच्छा अपना अपने अब अभी आ आए आएगा आगे
आज आदमी आप आपका आपको आया आये आयी आई इन इनका इनके इनको इस इसका इसके इसको इसमें उनका
उनके उनको उन उस उसका उसके उसको उन्हें उसने उन्होंने एक एंट्री एजेंट और कई कब कम कमरा
कमरे कर करके करना करने करनी करो करें करे करवाना करवा करवाओ करेगा कल कहा कहाँ कहां का
काट कार कि की किए किया किराया किराये किस किसका किसके किसको किसने किसी कितना कितनी
कितने कुछ कुल कृपया के कैंसल कैंसिल कैब कैश को कोई कोटेशन कौन कौनसा कौनसी क्या क्यों
खर्च खर्चा खाता खाते खातों खाली गई गए गया गयी गये गाड़ी ग्राहक ग्राहकों घर घूमना
घूमने चढ़ा चाहता चाहती चाहते चाहिए चाहिये चार चेक छह छोटा छोड़ छोड़ो जगह जब जमा
जल्दी जा जाए जाएगा जाएगी जाएंगे जाना जाने जानकारी जारी जाते जाती जाता जिन जिनको जी
जो जोड़ जोड़ो टिकट टिकटों टैक्सी टूर ट्रिप ट्रांसफर ठीक डाल डालो डेढ़ ड्राफ्ट ढाई तक
तब तारीख तीन तुरंत तैयार तो था थी थे दर्ज दस दाम दिखा दिखाइए दिखाओ दिन दिनों दिया
दिए दी दीजिए दीजिये दूसरा दूसरी दूसरे दे देख देखो देना देनी देने दो दोनों धन नंबर
नकद नई नए नया नहीं नाम निकल निकाल निकालो ने नौ पर पहला पहली पहले पक्का पक्की पता पति
पत्नी परिवार पांच पाँच पासपोर्ट पीएनआर पूछताछ पूरा पूरी पे पैकेज पैसा पैसे पेमेंट
प्लान प्रति फाइनल फाइल फिर फोन फ़ोन फ्लाइट फ़्लाइट बच्चा बच्चे बच्ची बच्चों बजट बजे
बड़े बड़ा बता बताइए बताओ बताना बदल बना बनाइए बनाओ बनाना बन बस बहुत बाकी बाद बिना बिल
बीच बुक बुकिंग बेटा बेटी बैंक बैलेंस बोल बोलो भाई भी भुगतान भेज भेजना भेजो भेजिए मत
माफ माफ़ मार्क मिल मिला मिले मिलेगा मिली मुझे मुझको मेरा मेरी मेरे में मैं मैडम मैने
मैंने यह यहाँ या यात्रा यात्री यात्रियों ये रकम रख रखो रद्द रहा रही रहे रात रिपोर्ट
रुपए रुपये रूपये रुकना रेट रोक लगा लगाओ लगेगा लग लाख लिए लिये लिख लिखो लिया ले लेना
लेने लेकिन लोग लोगों लौट वह वहाँ वापस वापसी वाला वाली वाले विवरण वीज़ा वीजा वेतन
वेंडर वो शाम शुरू सकते सप्लायर सब सबका सबके सबको सबसे सस्ता सस्ती साथ साल सारे सारी
सात सर साहब सुबह सूची से सौ स्टेटमेंट हजार हज़ार हटा हटाओ हम हमने हमारा हमारी हमारे
हमें हर हवाई हाँ हां हिसाब हुआ हुई हुए है हैं हो होगा होगी होटल होल्ड होना क्यूंकि
जन्म कन्फर्म कंफर्म स्टेटस इनवॉइस एयरपोर्ट स्टेशन रिज़ॉर्ट यूपीआई लीड दीजिएगा
"""
_PARTS_OF_FIRMS = """
agencies agency air airlines airways apartments associates bros brothers builders catering
center centre club co college company constructions consolidator consolidators consultancy
consultants consulting corp corporation court dmc electronics engineers enterprise enterprises
exports forex foods foundation garments gmbh group guesthouse holiday holidays homes hospital
hospitality hotel hotels house impex imports inc industries infotech inn insurance international
jewellers kings labs lines llc llp lodge logistics ltd limited mart media motors overseas palace
pharma plaza printers private pvt residences residency resort resorts retreat school services
solutions sons spa steels stores suites systems tech technologies textiles tourism tours tower
towers traders trading trails transport travel travels trust university vacations ventures
villas voyages works ट्रैवल्स ट्रेवल्स टूर्स हॉलिडेज़ हॉलिडेज होटल्स एंटरप्राइजेज ट्रेडर्स
ट्रांसपोर्ट
"""


def plain(word: str) -> str:
    """Return the word in lower case, without punctuation and Hindi nukta dots."""
    return unicodedata.normalize("NFD", word.casefold()).replace("\u093c", "").strip(".,'’-")


COMMON_WORDS = frozenset(map(plain, f"{_ENGLISH} {_CHAT} {_HINDI} {_HINDI_SCRIPT}".split()))
"""Words that are not names in lower case. Some of them can be part of a name: `Blue Star`."""
FIRM_WORDS = frozenset(map(plain, _PARTS_OF_FIRMS.split()))
"""Words that end the name of a firm; some of them are also in COMMON_WORDS."""
