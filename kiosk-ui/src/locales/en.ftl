### Every word the page shows, in English. Sentences are for tired people: short, and saying what to do.

## The page as a whole

page-title = Lanyard
page-title-node = Lanyard · { $node }
page-starting = Starting…
page-loading = Loading…

action-back = Back
action-cancel = Cancel
action-close = Close
action-dismiss = Dismiss message

span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h
span-days = { $n } d

price-free = free
reason-label = Reason

## Navigation and keys

nav-label = Pages
nav-scan = Scan
nav-walk-up = Walk-up
nav-orders = Orders
nav-conflicts = Conflicts
nav-printing = Printing
nav-texts = Handover
nav-conflicts-open = { $n } open

key-help = Show the keys
key-scan = Scan
key-search = Search for a person
key-walk-up = Register a walk-up
key-orders = Find an order
key-conflicts = Conflicts
key-printing = Printing
key-texts = Handover and run-book
key-main-action = The main action of the page
key-back = Back, close, clear

## Strip

strip-label = State of this desk
strip-person = account, sound and keys
strip-node-connected = Node { $node }
    .hint = This desk hears its node
strip-node-lost = Node { $node } lost
    .hint = This desk does not hear its node
strip-hq-online = HQ connected
    .hint = The node hears HQ
strip-hq-connecting = HQ connecting
    .hint = The node is looking for HQ
strip-hq-offline = HQ away
    .hint = The node does not hear HQ; admission goes on. { $problem }
strip-hq-denied = HQ refuses this node
    .hint = HQ refuses this node; tell the administrator. { $problem }
strip-hq-unknown = HQ unknown
    .hint = Without its node this desk does not know how HQ is
strip-knowledge = HQ { $age } ago
    .hint = How old this node’s knowledge of HQ is
strip-knowledge-none = HQ never heard
    .hint = This node has not heard HQ yet
strip-unsent-none = All sent
    .hint = HQ has everything this node wrote
strip-unsent = { $n } to send
    .hint = Entries that wait to be sent to HQ, the oldest for { $oldest }
strip-printer-none = No printer
    .hint = This desk has no printer; choose one under Printing
strip-printer-ready = Printer ready
    .hint = { $printer } is ready
strip-printer-queue = Printing { $queued }, oldest { $oldest }
    .hint = { $printer } has { $queued } to print, the oldest for { $oldest }
strip-printer-attention = Printer stopped: { $reason } ({ $queued } waiting)
    .hint = { $printer } needs attention; { $queued } waiting, the oldest for { $oldest }
strip-printer-off = Printer off ({ $queued } waiting)
    .hint = { $printer } is off; { $queued } waiting, the oldest for { $oldest }. { $reason }
strip-arrivals = { $in } of { $expected } in
    .hint = People inside, of people expected
strip-history = Older log { $percent } %
    .hint = This node is new and still fetches the older log: { $fetched } of { $of } entries are here.{ $pending ->
        [0] {""}
        [one] {" "}One person or order waits for the rest
       *[other] {" "}{ $pending } people and orders wait for the rest
    }
strip-history-all = Not ready: older log { $percent } %
    .hint = This node is new and decides nothing until the older log is here: { $fetched } of { $of } entries are
strip-store-low = Disk nearly full: free space, check-in goes on
    .hint = The node’s disk is nearly full: desks go on in the last of it, lists and what comes from HQ wait. Free some space
strip-store-full = Disk full
    .hint = The node’s disk is full; tell the administrator
strip-store-stopped = Node writes no more
    .hint = The node has stopped writing; tell the administrator, who finds the reason in its log

## Not connected

lost-title = Not connected
lost-order = Do not admit
lost-what = This desk does not hear its node. Leave the page open: it keeps trying and comes back by itself.
lost-pending = is kept. It is sent again, once, when the node is back; the outcome is then shown here.
lost-since = For { $span }

deed-check-in = The check-in
deed-annulment = The annulment
deed-badge = The badge
deed-walk-up = The registration
deed-order = The order
deed-payment = The payment
deed-confirmation = The confirmation
deed-cancellation = The cancellation
deed-assignment = The name on a seat
deed-resolution = The decision on a conflict
deed-document = The text
deed-print-decision = The decision on a print job
deed-printer-choice = The choice of printer

waiting = { $deed }: waiting for the node’s answer…

left-behind-done = { $deed } that was interrupted has been carried out.
left-behind-refused = { $deed } that was interrupted was refused. { $problem }
left-behind-other = { $deed } of somebody else was interrupted here. Look the person up before you go on.

## Sign-in

sign-in-title = Sign in
sign-in-connected = Connected to the node
sign-in-connecting = Looking for the node…
sign-in-desk = Desk
sign-in-choose-desk = Choose a desk
sign-in-staff = Staff code
sign-in-pin = PIN
sign-in-submit = Sign in
sign-in-wrong_pin = Staff code or PIN is wrong.
sign-in-locked_out = Too many wrong PINs.
sign-in-failed = The node did not let you in. Check the staff code and the desk.
sign-in-unreachable = The node gave no answer. Try again.
sign-in-wait = Try again in { $span }.
keypad-label = PIN keypad
keypad-clear = Clear
keypad-backspace = Delete last digit

role-event_planner = Event planner
role-volunteer = Volunteer
role-cashier = Cashier
role-supervisor = Supervisor
role-administrator = Administrator

person-title = This desk
person-sound-on = Sound is on
person-sound-off = Sound is off
person-siblings = Other nodes
sibling-heard = heard { $span } ago
sibling-never = not heard yet
person-keys = Keys
person-sign-out = Sign out

## Scan and search

scan-title = Check in
scan-title-read-only = Find a person
scan-arrivals = { $in } of { $expected } are in
scan-ready = Ready to scan
scan-ready-how = Scan a ticket or a badge. To type a code, use the search field.
scan-kept = Typed so far. Enter checks it.
scan-clear = Clear
scan-too-soon = Not taken: the last answer is not here yet. Wait for it, then scan again.
scan-list = List
camera-turn-on = Turn camera on
camera-turn-off = Turn camera off
camera-label = Camera picture
camera-starting = Starting the camera…
camera-insecure = The browser gives the camera to secure pages only. Open this page with https.
camera-denied = The browser may not use the camera. Allow it in the browser’s settings, then turn the camera on again.
camera-absent = No camera was found. Plug one in, then turn the camera on again.
camera-busy = Another program uses the camera. Close it, then turn the camera on again.
camera-broken = The camera could not be started. Turn it off and on again, or use a hand scanner.

search-label = Search by name, e-mail, company, order or code
search-placeholder = Name, e-mail, company or code
search-results = People found
search-count = { $n ->
    [0] Nobody found for { $words }
    [one] 1 person found for { $words }
   *[other] { $n } people found for { $words }
}
search-none = Nobody found. Try fewer letters or another part of the name.
search-none-or-code = Nobody found. Try fewer letters, or press Enter to check it as a code.
search-more = There are more. Type more letters.
search-indexing = The list has just arrived and is being indexed. Everybody is found, a little slower for a few seconds.
row-no-company = no company
row-no-email = no e-mail
row-no-seats = no seats
row-erased = Erased person
state-expected = Expected
state-in = In
state-out = Out
state-canceled = Canceled
state-unpaid = Unpaid

recent-title = Last at this desk
recent-none = Verdicts of this desk appear here.

## Verdicts: green admits, red does not, amber wants a decision

tone-admitted = Admitted
tone-refused = Do not admit
tone-attention = Decide first
verdict-same-scan = Same scan
verdict-done = Done
verdict-printing = The badge is being printed.
verdict-conflict = There is an open conflict about this person.
verdict-choices = Who is it?
verdict-action-open-card = Open card
verdict-action-override = Admit anyway
verdict-action-take-payment = Take payment
verdict-action-name-attendee = Name the attendee
verdict-action-sell-seat = Sell a seat
verdict-action-walk-up = Register a walk-up
verdict-action-find-order = Find the order
verdict-action-search = Search by name
verdict-action-try-again = Try again

override-title = Admit anyway?
override-explanation = Your name and the reason are recorded.
override-reason-invoice = Pays by invoice
override-reason-guest = Guest of the organiser

verdict-admitted = Admitted
    .what = Welcome.
    .do = { "" }
problem-already_checked_in = Already checked in
    .what = { $ago } ago, at { $at }: { $desk } (node { $node }).
    .do = If somebody else used this ticket, call a supervisor.
problem-not_on_list = Not on this list
    .what = This person has no seat for what is behind this door.
    .do = Sell a seat, or send them to the right door.
problem-unpaid = Not paid
    .what = The order is not paid.
    .do = Take the payment, or ask a supervisor to admit anyway.
problem-canceled = Canceled
    .what = The order or the seat was canceled.
    .do = Do not admit. Send the person to the help desk.
problem-revoked = Ticket revoked
    .what = This ticket was replaced or handed on to somebody else.
    .do = Ask for the newer ticket, or search by name.
problem-blocked = Blocked
    .what = The organiser has blocked this person.
    .do = Stay calm and call a supervisor.
problem-wrong_product = Wrong seat type
    .what = The seats of this person do not open this door.
    .do = Send them to the right door, or sell a seat.
problem-rules = Against the rules of this list
    .what = { $why }
    .do = Do not admit. A supervisor can explain the rule.
problem-invalid_time = Not at this time
    .what = This list admits from { $opens } to { $closes }.
    .do = Ask the person to come back then.
problem-ambiguous = More than one person
    .what = This code fits several people.
    .do = Ask for the name and company, then choose.
problem-unknown_code = Unknown code
    .what = This node does not know the code. Last heard of HQ: { $synced }.
    .do = Scan again, search by name, or find the order. A very new order may not be here yet.
problem-mistyped_code = Mistyped code
    .what = The check character does not fit: one character is wrong, or two are swapped.
    .do = Compare the code and type it again.
problem-badge_void = Old badge
    .what = This badge was replaced at { $voided }.
    .do = Ask for the newer badge, or search by name and check who it is.
problem-wrong_conference = Another conference
    .what = This ticket belongs to another conference.
    .do = Ask for the ticket of this conference.
problem-no_seat_assigned = No name on the seat
    .what = The order is known, but nobody has been named for its seat yet.
    .do = Name the person, then check them in.
problem-not_permitted = Not allowed for your role
    .what = Your role may not do this.
    .do = Call a supervisor.
problem-not_found = Not found
    .what = This node does not know it.
    .do = Search by name.
problem-no_seats_left = No seats left here
    .what = This node has { $local } left. Elsewhere: { $elsewhere }.
    .do = Send the person to a desk that has seats, or ask a supervisor to move some here.
problem-sold_out = Sold out
    .what = No seats are left anywhere.
    .do = Offer another seat type.
problem-similar_attendees = Similar people are on the list
    .what = Somebody with a similar name or e-mail is registered.
    .do = Compare before you register a new person.
problem-unknown_order = No such order
    .what = E-mail and access code fit no order on this node. Last heard of HQ: { $synced }.
    .do = Check both. A very new order may not be here yet; a walk-up is possible meanwhile.
problem-mistyped_access_code = Mistyped access code
    .what = The check character does not fit: one character is wrong, or two are swapped.
    .do = Compare the access code and type it again.
problem-stale_version = Changed meanwhile
    .what = Another desk changed this a moment ago.
    .do = Look again, then decide.
problem-busy = The node is busy
    .what = Nothing was done.
    .do = Try again in a moment.
problem-history_pending = Not everything is here yet
    .what = Nothing was done: this node is new and still fetches what this depends on.
    .do = Try again in a moment, or go to a desk of another node.
problem-store_full = The node’s disk is full
    .what = Nothing was done.
    .do = Tell the administrator; codes can still be looked up.
problem-stopped = The node writes no more
    .what = Whether this was done is not certain.
    .do = Go to a desk of another node, and tell the administrator.
problem-retired = This node is retired
    .what = Nothing was done: HQ retired this node, and nothing it writes counts any more.
    .do = Go to a desk of another node, and tell the administrator.
problem-locked_out = Too many attempts
    .what = The node takes no more attempts for { $wait }.
    .do = Wait, then try again.
problem-wrong_pin = Wrong PIN
    .what = Staff code or PIN is wrong.
    .do = Try again.
problem-not_signed_in = Signed out
    .what = Nothing was done, because nobody is signed in.
    .do = Sign in and try again.
problem-idempotency_key_missing = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-idempotency_key_invalid = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-idempotency_key_reused = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-malformed_json = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-unknown_field = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-body_too_large = Too long
    .what = Nothing was done: the text is too long.
    .do = Shorten it and try again.
problem-wrong_content_type = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-nothing_selected = Nothing selected
    .what = No seat was chosen.
    .do = Choose at least one seat.
problem-invalid_quantity = Impossible number
    .what = { $quantity } seats cannot be sold.
    .do = Choose another number.
problem-unknown_seat_type = Unknown seat type
    .what = This node does not know the seat type { $type }.
    .do = Choose another, or tell the administrator.
problem-not_on_sale = Not on sale
    .what = { $type } is not on sale at this time.
    .do = Offer another seat type.
problem-unknown_attendee = Person not known here
    .what = This node does not know the person yet.
    .do = Search by name. A very new registration may not be here yet.
problem-unknown_check_in = Check-in not known here
    .what = This node does not know the check-in yet.
    .do = Look at the card again in a moment.
problem-unknown_conflict = Conflict not known here
    .what = This node does not know the conflict yet.
    .do = Look at the list again in a moment.
problem-unknown_badge = Badge not known here
    .what = This node does not know the badge yet.
    .do = Search by name.
problem-hold_expired = Hold lapsed
    .what = The hold ran out at { $at }, and the seats went back.
    .do = Start a new sale.
problem-order_is = The order does not allow it
    .what = The order is { $state }.
    .do = Look at the order again, then decide.
problem-owned_elsewhere = Order of another node
    .what = The order was placed at node { $node }.
    .do = Finish it there, or ask a supervisor to cancel it.
problem-wrong_amount = Wrong amount
    .what = { $open } is due.
    .do = Take that amount.
problem-payment_missing = Payment missing
    .what = { $open } is still due.
    .do = Take the payment first.
problem-already_annulled = Taken back before
    .what = The check-in was taken back at { $at }.
    .do = Nothing more is to be done.
problem-already_resolved = Decided before
    .what = The conflict was decided at { $at }.
    .do = Nothing more is to be done.
problem-erased = Data erased
    .what = The data of this person was erased on request.
    .do = There is no name left to print. Write a badge by hand.
problem-unknown_version = The text changed elsewhere
    .what = It changed in a way this node has not heard of. Nothing was saved.
    .do = Copy what you typed, open the text again and repeat the edit.
problem-document_full = Edited too often
    .what = This text was edited as often as a text may be. Nothing was saved.
    .do = Call a supervisor.
problem-has_badge = Has a badge
    .what = This person has an active badge.
    .do = Reprint it when it is lost; the earlier one becomes void.
problem-seat_taken = Seat taken
    .what = Somebody is named on this seat.
    .do = Look at the order again.
problem-no_such_seat = No such seat
    .what = The order has no such seat.
    .do = Look at the order again.
problem-rights_out = Seats are given out
    .what = Only { $free } seats are free to take back.
    .do = Ask the other nodes to return theirs first.
problem-hq_only = Only HQ decides this
    .what = Nothing was done.
    .do = Call HQ.
problem-invalid_field = Something in the form is not right
    .what = { $field }: { $why }.
    .do = Correct it and try again.
problem-badge_not_drawn = Badge cannot be drawn
    .what = The layout does not fit this badge.
    .do = Tell the administrator.
problem-needs_upgrade = This node is too old
    .what = A newer version wrote about this. Nothing was done.
    .do = Tell the administrator.
problem-unknown_desk = Unknown desk
    .what = This node does not serve the desk.
    .do = Choose another desk.
problem-unknown_node = Unknown node
    .what = This node does not know the other one.
    .do = Choose another node.
problem-if_match_invalid = The page made a mistake
    .what = Nothing was done ({ $code }).
    .do = Reload the page and tell the administrator.
problem-internal = The node had a fault
    .what = It is not certain what was done ({ $code }).
    .do = Look the person up, then try again.
problem-other = Refused
    .what = { $code }: { $why }
    .do = Call a supervisor.

## Attendee

attendee-pending = Older entries about this person are still on their way.
attendee-read-only = A newer version wrote about this person. Nothing can be changed here until this node is upgraded.
attendee-conflict = Two facts about this person do not fit together.
attendee-conflict-link = Open conflicts
attendee-check-in = Check in
attendee-sell = Sell a seat
attendee-reprint = Reprint badge
attendee-issue-badge = Print badge
attendee-void = Void badge
attendee-annul = Take back
attendee-seats = Seats
attendee-check-ins = Check-ins
attendee-history = History
attendee-badge = Badge
attendee-access-code = Access code
badge-alt = Badge of { $name }
badge-no-picture = No picture of the badge could be had.
badge-flagged = Two active badges
badge-active = Not printed yet
badge-printed = Printed
badge-none = None yet
badge-entitles = Entitles to:
badge-issued = The badge is on its way to the printer.
seat-held = Held
seat-unpaid = Unpaid
seat-paid = Paid
seat-released = Released
seat-cancelled = Canceled
seat-open-order = Open order
check-ins-none = Not checked in yet.
check-in-where = { $at }, { $desk } (node { $node })
check-in-annulled = Taken back by { $by } at { $at }: { $reason }
check-in-taken-back = Taken back
check-in-effective = Effective
check-in-second = Second entry

texts-title = Handover and run-book
texts-handover = Handover to the next shift
texts-run_book = Run-book
texts-text = Text
texts-empty = Nothing written.
texts-edit = Edit

document-title = Badge text and notes
document-badge_name = Name on the badge
document-company = Company on the badge
document-pronouns = Pronouns on the badge
document-access_needs = Access needs
document-text = Notes of staff
document-empty = Nothing written. The badge is as on the list.
document-nothing = nothing, as on the list
document-edit = Edit text and notes
document-save = Save
document-saved = Saved.
document-chosen = Chosen. Every node gets to know.
document-contested = Two desks wrote at once: { $field }
document-written = { $by } at { $place } (node { $node }), { $at }
document-choose = Use “{ $text }”
document-waiting = { $n ->
    [one] One edit waits for another node’s, which does not count or has not come.
   *[other] { $n } edits wait for those of another node, which do not count or have not come.
  }

annul-title = Take the check-in back?
annul-explanation = The history stays. The person can then be checked in again.
annul-action = Take back
annul-done = The check-in is taken back.
annul-reason-wrong-person = Wrong person
annul-reason-mistake = Scanned by mistake
reprint-title = Reprint the badge?
reprint-explanation = The earlier badge becomes void at once.
reprint-action = Reprint
reprint-done = A new badge is on its way; the earlier one is void.
reprint-reason-lost = Lost
reprint-reason-damaged = Damaged
reprint-reason-wrong = Wrong text
void-title = Void the badge?
void-explanation = The badge opens no door any more. No new one is printed.
void-action = Void
void-done = The badge is void.
void-reason-stolen = Stolen

## History, one message a kind of event

history-attendee-imported = Came with an attendee list
    .at = Came with an attendee list at { $place }
history-attendee-registered = Registered
    .at = Registered at { $place }
history-attendee-checked-in = Checked in
    .at = Checked in at { $place }
history-check-in-annulled = Check-in taken back
    .at = Check-in taken back at { $place }
history-badge-issued = Badge made
    .at = Badge made at { $place }
history-badge-voided = Badge voided
    .at = Badge voided at { $place }
history-badge-printed = Badge printed
    .at = Badge printed at { $place }
history-seat-assigned = Seat given
    .at = Seat given at { $place }
history-seat-cancelled = Seat canceled
    .at = Seat canceled at { $place }
history-document-changed = Badge text or notes edited
    .at = Badge text or notes edited at { $place }
history-conflict-resolved = Conflict decided
    .at = Conflict decided at { $place }
history-order-imported = Order came with an attendee list
    .at = Order came with an attendee list at { $place }
history-order-placed = Ordered
    .at = Ordered at { $place }
history-payment-taken = Payment taken
    .at = Payment taken at { $place }
history-order-confirmed = Order confirmed
    .at = Order confirmed at { $place }
history-order-cancelled = Order canceled
    .at = Order canceled at { $place }
history-order-released = Seats given back
    .at = Seats given back at { $place }
history-order-seat-assigned = Name put on a seat
    .at = Name put on a seat at { $place }
history-other = { $words }

meanwhile-title = Changed meanwhile
meanwhile-nothing-done = Nothing was done, because something else happened since you looked:
meanwhile-look-again = Look again, then decide

## Selling

sell-title = Sell seats
sell-for = For
sell-registrant = Who orders
sell-nothing = Nothing is on sale.
sell-hold = Hold seats
seats-here = { $n } left here
seats-elsewhere = { $n } elsewhere ({ $where })
seats-elsewhere-none = none elsewhere
seats-fewer = One less: { $name }
seats-more = One more: { $name }
seats-wanted = Wanted: { $name }

field-name = Name
field-first-name = First or only name
field-last-name = Last name
field-email = E-mail
field-email-optional = E-mail (optional)
field-company-optional = Company (optional)
field-access-code = Access code

## Orders

orders-title = Find an order
orders-how = Ask for the e-mail address of the order and the access code on its confirmation.
orders-find = Find order
orders-new = New order
orders-new-what = Somebody wants to buy seats without being on the list?
order-title = Order
order-placed = Held, not paid
order-confirmed = Confirmed
order-cancelled = Canceled
order-expired = Hold lapsed
order-held-for = Held for { $left }
order-lines = Seats ordered
order-registrant = Ordered by
order-total = Total
order-paid = Paid
order-refund-due = { $amount } must be paid back.
order-lapsed = The hold has lapsed and the seats are free for others. Start a new sale.
order-confirmed-printing = Sold. A new badge is being printed.
order-confirmed-done = Sold.
order-complete = Paid and confirmed.
order-back-to-attendee = Back to the attendee
order-cancel = Cancel order
order-cancelled-done = The order is canceled.
order-seats = Who sits where
order-seat-open = Open card
order-seat-unnamed = No name yet
line-held = { $held } ×
line-short = { $held } of { $wanted } held

offer-title = Fewer seats than wanted
offer-title-none = No seats left
offer-what = Not everything could be held. Does the customer take what there is?
offer-none = Nothing could be held. The seats are gone here.
offer-accept = Take these: { $total }
offer-decline = Decline
offer-declined-reason = The customer declined the offer
offer-declined-lapses = Declined. The seats are free again in { $left }.

payment-title = Cash payment
payment-due = Due
payment-given = Cash received
payment-exact = exact amount
payment-change = Change
payment-not-an-amount = Not an amount
payment-too-little = { $missing } missing
payment-take = Take { $amount } and confirm
confirm-title = Nothing to pay
confirm-free = Confirm without payment

cancel-title = Cancel the order?
cancel-explanation = Its seats become free at once. What was paid becomes a refund due.
cancel-reason-asked = Customer asked
cancel-reason-mistake = Ordered by mistake

assign-title = Who sits on seat { $n }?
assign-name = Name the person
assign-action = Save name
assign-done = The seat has a name now.

## Walk-up

walk-up-title = Register a walk-up
walk-up-not-permitted = Your role may not register people. Call a cashier or a supervisor.
walk-up-seat-type = Seat type
walk-up-nothing-on-sale = No admission is on sale.
walk-up-payment = Payment
walk-up-cash = Cash
walk-up-complimentary = Complimentary
walk-up-register = Register
walk-up-alike = Already on the list?
walk-up-alike-none = People with a similar name appear here while you type.
walk-up-similar = Somebody similar is already on the list. Is it one of them?
walk-up-similar-rows = Similar people
walk-up-none-of-these = None of these, register
walk-up-done = Registered.
walk-up-done-order = Access code
walk-up-check-in = Check in now
walk-up-again = Register another

## Conflicts

conflicts-title = Conflicts
conflicts-filter = Which conflicts
conflicts-open = Open
conflicts-resolved = Resolved
conflicts-none-open = No open conflicts.
conflicts-none-resolved = No resolved conflicts.
conflict-double_entry = Checked in at two places that could not hear each other.
conflict-admitted_before_notice = Admitted before the notice from HQ had come through. Delay: { $delay }.
conflict-is-open = Open
conflict-is-resolved = Resolved
conflict-side-checked-in = Checked in
conflict-side-seat-cancelled = Seat canceled
conflict-side-other = Recorded
conflict-where = Where
conflict-by = By
conflict-clock = Clock there
conflict-corrected = Corrected
conflict-place = { $desk } (node { $node })
conflict-effective = Counts as the admission
conflict-not-effective = Counts as second
conflict-annul-this = Take back: { $place }
conflict-accept = Accept both
conflict-clocks-bind-nobody = Clocks are evidence, not the judge: which entry counts was decided by the order of the log.
conflict-ask-supervisor = A supervisor decides.
conflict-decided = Decided. Every node gets to know.
conflict-resolved-annul = { $by } took one check-in back at { $at } (node { $node }): { $reason }
conflict-resolved-accept = { $by } accepted both at { $at } (node { $node }): { $reason }
conflict-overruled = Another decision came first and stands.
conflict-annul-title = Take this check-in back?
conflict-annul-explanation = The other entry then counts. The history stays.
conflict-accept-title = Accept both?
conflict-accept-explanation = Both entries stay as they are and the conflict is closed.
conflict-reason-checked = Identity checked
conflict-reason-copied = Copied ticket

## Printing

printing-title = Printing
printing-asked = Please look at the printer
printing-queue = To be printed
printing-queue-empty = Nothing waits to be printed.
printers-title = Printer of this desk
printers-choose = Choose the printer of this desk
printers-none = This node knows no printer.
printer-ready = Ready
printer-printing = Printing
printer-attention = Needs attention
printer-off = Off
printer-queued = { $n } waiting
printer-chosen = Badges of this desk go there from here on.
printer-reason-media-empty = out of paper
printer-reason-media-needed = wants paper
printer-reason-media-jam = paper jam
printer-reason-media-low = paper is low
printer-reason-door-open = door open
printer-reason-cover-open = cover open
printer-reason-marker-supply-empty = out of ribbon or ink
printer-reason-toner-empty = out of toner
printer-reason-paused = paused
printer-reason-offline = off or unplugged
printer-reason-shutdown = switched off
printer-reason-attention = look at it

job-of = Badge of { $name }
job-queued = Queued
job-printing = Printing
job-done = Done
job-waiting = Waiting
job-failed = Failed
job-discarded = Discarded
job-waits = { $span } ago
job-did-it-print = Did this badge print?
job-print-or-discard = This badge waited long. Print it or discard it?
job-yes-printed = Yes, it printed
job-no-print-again = No, print again
job-print = Print
job-print-on = Print on { $printer }
job-discard = Discard
