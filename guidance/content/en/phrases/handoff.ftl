# Hand-offs: what leaves a step, as text and as one page. The forms themselves are in en/handoffs.
# On the page. Each change of these makes all printed forms out of date.
handoff-case = Case code
handoff-day = Day
handoff-agency = Agency
handoff-role = Written by (role)
handoff-no-name = Case code and roles only, never a name. In danger: call 112 first.
handoff-tick = A tick means: done, or known. It is not a yes.
handoff-version = Form { $code }. Still right? Type this code in the chat.
# Only on a filled page:
handoff-counted = { $heading } ({ $done } of { $all } ticked)
# In the chat:
button-handoff = Hand-off ▸
button-handoff-pdf = As PDF
button-handoff-empty = Empty form (PDF)
button-handoff-back = ◂ Back to { $step }
handoff-title = { $title } · { $step }
handoff-how = This message cannot be copied or passed on. Read it out, type it into your own system, or print the empty form and fill it in.
handoff-pdf-how = Filled from your walk. It holds a case code, so it stays in this chat.
handoff-pdf-how-no-case = Filled from your walk. It stays in this chat.
handoff-empty-how = Empty form. Nothing of your case is in it: you may print it and pass it on.
handoff-unprintable = This page cannot be printed: it holds signs that our letters do not have. Use the text in the chat, and tell your coordinator.
handoff-none = There is no form for this step yet. Write down: { $handoff }
handoff-gone = There is nothing to hand off here. Open the guide and go to the step you need.
# What a form's code says, typed in the chat:
form-current = Your form { $code } is up to date: { $title }, { $step }.
form-outdated = Your form is out of date. It is: { $title }. Print it again; the form of today is { $code }.
