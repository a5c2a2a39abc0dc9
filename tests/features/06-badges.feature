Feature: Badges

  A badge says what its holder may enter. There is one good badge a person, and none is printed unasked.

  Background:
    Given the venue has the node north
    And these seats are for sale:
      | seat type     | quota | north |
      | CQRS Workshop | 10    | 10    |
    And "Ada Lovelace" is on the list with a paid "General admission" seat

  @B1
  Scenario: A badge names the extra events
    Given north has sold the guest "Ada Lovelace" a seat of "CQRS Workshop"
    When north scans the ticket of "Ada Lovelace"
    Then the good badge of "Ada Lovelace" names "General admission" and "CQRS Workshop"
    And 1 badge was printed for "Ada Lovelace" at north

  @B2
  Scenario: A reprint voids the earlier badge
    Given north has printed a badge for "Ada Lovelace", called "the first"
    When north reprints the badge of "Ada Lovelace"
    Then "Ada Lovelace" has 1 good badge, which is not "the first"
    When north scans the badge called "the first"
    Then it is refused as "badge_void"

  @B3
  Scenario: A printer without paper keeps the badge waiting, and another printer can have it
    Given the printer north-1 has no paper
    When north-1 scans the ticket of "Ada Lovelace"
    Then the print job of "Ada Lovelace" at north waits for paper
    When staff send the print job of "Ada Lovelace" to the printer north-2
    Then 1 badge was printed for "Ada Lovelace" at north

  @B4
  Scenario: Power is lost while a badge is printed
    Given the power will fail while north-1 prints its next badge
    When north-1 scans the ticket of "Ada Lovelace"
    Then staff at north are asked "did_it_print" about the badge of "Ada Lovelace"
    And 0 badges were printed for "Ada Lovelace" at north
    When staff say that the badge of "Ada Lovelace" was printed
    Then 1 badge was printed for "Ada Lovelace" at north
    And "Ada Lovelace" has 1 good badge

  @B6
  Scenario: A rebuild prints nothing
    Given north scans the ticket of "Ada Lovelace"
    And 1 badge was printed for "Ada Lovelace" at north
    And the print jobs and the state of north are noted
    When the read models of north are made anew
    Then there are no new print jobs at north
    And the state of north is as noted
