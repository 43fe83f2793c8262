# Numbers, names and timings of the place where somebody works.

button-local = Local numbers and names
command-local = Local numbers and names

local-title = Local numbers and names
local-title-agency = Local numbers and names: { $agency }
local-country = Country: { $country }
local-numbers = Numbers
local-bodies = Who is who
local-nothing = I know no local numbers or names here. In danger call 112. For all else ask your coordinator for the local number.
local-ask-duty = Duty coordinator: ask your coordinator for the local duty number.
local-number = { $number } · { $use }
local-number-country = { $number } · { $use } ({ $country })
local-body = { $name } · { $use }
local-as-of = As of { $year }, check locally.
local-as-of-own = As of { $year }.
local-no-year = The source gives no year, check locally.
local-small = Country entries come from public sources. They may be out of date: confirm each one before you need it.

danger-duty = Number: { $number }.
danger-ask-duty = Ask your coordinator for the local duty number.
danger-number = { $number } { $use }
danger-number-country = { $number } { $use } ({ $country })

number-emergency = emergency
number-police = police
number-control-room = control room
number-duty-coordinator = duty coordinator
number-duty-manager = duty manager
number-child-protection = child protection
number-crisis-line = crisis line
number-advice = advice line

body-prison-service = prison service
body-probation-service = probation
body-police = police
body-child-protection = child protection
body-prevention = prevention and advice
body-coordination = coordination
body-support = support
body-data-protection = data protection

country-bg = Bulgaria
country-fr = France
country-gr = Greece
country-it = Italy
country-nl = the Netherlands
country-pt = Portugal
