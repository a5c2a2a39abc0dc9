Feature: Commands and delivery

  A command acts once, however often it is sent. Batches say what they say, however often and in whatever
  order they come.

  @D1
  Scenario: The same command again
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    When north scans the ticket of "Ada Lovelace"
    Then "Ada Lovelace" is admitted
    Given the badge of "Ada Lovelace" is printed and the state of north is noted
    When the same command is sent again
    Then the answer is the first one again and "Ada Lovelace" is admitted
    And nothing was written at north since
    When north is restarted
    And the same command is sent again
    Then the answer is the first one again and "Ada Lovelace" is admitted
    When 10080 minutes pass
    And the same command is sent again
    Then the answer is the first one again and "Ada Lovelace" is admitted
    And nothing was written at north since

  @D1
  Scenario: A refusal is an outcome too
    Given the venue has the node north
    And "Ada Lovelace" is on the list with an unpaid "General admission" seat
    When north scans the ticket of "Ada Lovelace"
    Then it is refused as "unpaid"
    When a supervisor at north admits "Ada Lovelace" all the same, because "paid at the till"
    And the command before that is sent again
    Then it is refused as "unpaid"
    And the answer is the first one again

  @D2
  Scenario: A decision on an older version is told what came in between
    Given the venue has the node north
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    And a supervisor looks at "Ada Lovelace" at north
    When north scans the ticket of "Ada Lovelace"
    And the supervisor reprints the badge of "Ada Lovelace" on the version they looked at
    Then it is refused as "stale_version"
    And the refusal tells of "attendee-checked-in"

  @D3
  Scenario: Every batch three times in any order
    Given the venue has the nodes north and south
    And these seats are for sale:
      | seat type     | quota | north | south |
      | CQRS Workshop | 10    | 5     | 5     |
    And "Ada Lovelace" is on the list with a paid "General admission" seat
    And "Grace Hopper" is on the list with a paid "General admission" seat
    And the lines of north and south are cut
    When north scans the ticket of "Ada Lovelace"
    And south scans the ticket of "Ada Lovelace"
    And north scans the ticket of "Grace Hopper"
    And at the same moment 4 customers at north order:
      | CQRS Workshop | 1 |
    And all who hold everything pay and are confirmed
    And at the same moment 3 customers at south order:
      | CQRS Workshop | 2 |
    And HQ cancels the order of "Grace Hopper"
    And every batch is delivered 3 times in any order
    Then every place has the same state
    And every place has 1 open "double_entry" conflict of "Ada Lovelace" between north and south
    And every place has 1 open "admitted_before_notice" conflict of "Grace Hopper" between north and hq
    And seats sold, held and left of "CQRS Workshop" make 10 at every place
