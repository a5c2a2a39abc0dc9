Feature: At the door

  Whoever has a ticket gets in once, wherever they come and whatever the lines do. Who may not get in is
  told why in words that staff can act on.

  @C1
  Scenario: A guest with a paid ticket comes in
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    When north scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    And at north "Ada Lovelace" is in

  @C2
  Scenario: A ticket that was used is refused with the place where it was used
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    When north-1 scans the ticket of "Ada Lovelace"
    And 5 minutes pass
    And north-2 scans the ticket of "Ada Lovelace"
    Then it is refused as "already_checked_in"
    And the refusal says the ticket was used at the desk "north-1" 5 minutes ago
    And at north "Ada Lovelace" has 1 check-in

  @C3
  Scenario: Two desks of a node scan the same ticket at the same moment
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    When north-1 and north-2 scan the ticket of "Ada Lovelace" at the same moment
    Then exactly 1 of them is admitted and the others are refused as "already_checked_in"
    And at north "Ada Lovelace" has 1 check-in

  @C4
  Scenario Outline: Two nodes that cannot hear each other both admit, and everybody agrees afterwards
    Given the venue has the nodes north and south
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    And the lines of north and south are cut
    When north scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    When south scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    When the line of <first> is restored
    And the line of <second> is restored
    And everybody has met
    Then every place has 1 open "double_entry" conflict of "Ada Lovelace" between north and south
    And every place has the same check-in of "Ada Lovelace" in effect

    Examples:
      | first | second |
      | north | south  |
      | south | north  |

  @C5
  Scenario: A ticket of another conference is not for this door
    Given the venue has the node north
    When north scans "LY1:winter-school:K7Q2M9"
    Then it is refused as "wrong_conference"
    And the refusal names the conference "winter-school"

  @C7
  Scenario: A seat without a name gets one at the desk
    Given the venue has the node north
    And these seats are for sale:
      | seat type         | quota | north |
      | General admission | 10    | 10    |
    And north has sold "Grace Hopper" an order of:
      | General admission | 1 |
    When north scans the code of the order
    Then it is refused as "no_seat_assigned"
    When north names "Alan Turing" on seat 0 of the order
    And north scans the code of the order
    Then "Alan Turing" is admitted
    And at north "Alan Turing" is in

  @C8
  Scenario: Somebody nobody knows registers as a walk-up
    Given the venue has the node north
    And these seats are for sale:
      | seat type         | quota | north |
      | General admission | 10    | 10    |
    When north scans "4711-0815"
    Then it is refused as "unknown_code"
    When north registers "Barbara Liskov" as a walk-up for "General admission"
    And north scans the ticket of "Barbara Liskov"
    Then "Barbara Liskov" is admitted
    And north may still sell 9 seats of "General admission"

  @C9
  Scenario: A cancelled ticket is refused where the cancellation is known
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    When HQ cancels the order of "Ada Lovelace"
    And everybody has met
    And north scans the ticket of "Ada Lovelace"
    Then it is refused as "canceled"
    And at north "Ada Lovelace" is not in

  @C9
  Scenario: A ticket cancelled while the node was away is admitted, and the delay is shown
    Given the venue has the nodes north and south
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    And the line of north is cut
    When HQ cancels the order of "Ada Lovelace"
    And 2 seconds pass
    And north scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    When the line of north is restored
    And everybody has met
    Then every place has 1 open "admitted_before_notice" conflict of "Ada Lovelace" between north and hq
    And every place shows that she was admitted at least 2 seconds after the cancellation

  @C10
  Scenario: A badge that was replaced opens no door
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    And north has printed a badge for "Ada Lovelace", called "the lost one"
    When north reprints the badge of "Ada Lovelace"
    And north scans the badge called "the lost one"
    Then it is refused as "badge_void"
    And at north "Ada Lovelace" is not in

  @C12
  Scenario: An unpaid ticket is refused unless a supervisor takes it on
    Given the venue has the node north
    And "Ada Lovelace" is on the list with an unpaid "General admission" seat
    When north scans the ticket of "Ada Lovelace"
    Then it is refused as "unpaid"
    When a volunteer at north admits "Ada Lovelace" all the same, because "she looks honest"
    Then it is refused as "not_permitted"
    When a supervisor at north admits "Ada Lovelace" all the same, because "the invoice is on its way"
    Then "Ada Lovelace" is admitted
    And the log of north says that "unpaid" was set aside

  @C14
  Scenario: A check-in is taken back, with who did it, and the ticket is good again
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    When north scans the ticket of "Ada Lovelace"
    And a supervisor at north takes the check-in of "Ada Lovelace" back
    Then at north "Ada Lovelace" is not in
    And at north the check-in of "Ada Lovelace" was taken back by a supervisor
    When north scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    And at north "Ada Lovelace" has 2 check-ins

  @C15
  Scenario Outline: A clock that is wrong changes no verdict
    Given the venue has the nodes north and south
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    And "Grace Hopper" is on the list with a paid "General admission" seat
    And "Barbara Liskov" is on the list with a paid "General admission" seat
    And the lines of north and south are cut
    And the clock of south is <minutes> minutes ahead
    When north scans the ticket of "Ada Lovelace"
    And south scans the ticket of "Grace Hopper"
    And south scans the ticket of "Barbara Liskov"
    And south scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    When the line of south is restored
    And the line of north is restored
    And everybody has met
    Then every place has the check-in of "Ada Lovelace" at north in effect

    Examples:
      | minutes |
      | -10     |
      | 0       |
      | 10      |
