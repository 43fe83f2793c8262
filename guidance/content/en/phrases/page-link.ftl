# The link to the page in the browser, and what the chat hears and says of it.

command-page = Write or read notes in the browser
button-page = Open it here
link-title = Your page in the browser
link-here =
    Notes you write there are sealed on your device: Telegram does not see them.
    { $link }
link-small = The link works once, for ten minutes, and for you alone. Do not pass it on.
link-off = There is no page in the browser here. You can write the note in this chat.
button-new-link = New link

page-kept = Logged and sealed in the browser. Reference { $reference }. It is handed over in two minutes; until then you can undo.
author-asked = The coordinator asks about { $reference }. Please add what you know, or ring them.
author-asked-add = Add to the note
flag-how-to-open-page = Open it with your key in the browser: { $page } (or with a link from /page).
