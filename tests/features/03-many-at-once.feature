Feature: Many at once

  However many want the last seats, nobody gets one that is not there, and every seat finds somebody.

  @K1
  Scenario: Four want two workshop seats each, and there are four
    Given the venue has the node north
    And these seats are for sale:
      | seat type     | quota | north |
      | CQRS Workshop | 4     | 4     |
    When at the same moment 4 customers at north order:
      | CQRS Workshop | 2 |
    Then 2 of them hold everything and 2 do not
    And north may still sell 0 seats of "CQRS Workshop"

  @K2
  Scenario: Two hundred want two workshop seats each, and there are two hundred
    Given the venue has the node north
    And these seats are for sale:
      | seat type     | quota | north |
      | CQRS Workshop | 200   | 200   |
    When at the same moment 200 customers at north order:
      | CQRS Workshop | 2 |
    Then 100 of them hold everything and 100 do not
    And north may still sell 0 seats of "CQRS Workshop"

  @K3
  Scenario: Workshops for all, admission for a quarter
    Given the venue has the node north
    And these seats are for sale:
      | seat type         | quota | north |
      | CQRS Workshop     | 200   | 200   |
      | General admission | 100   | 100   |
    When at the same moment 200 customers at north order:
      | CQRS Workshop     | 1 |
      | General admission | 2 |
    Then 50 of them hold everything and 150 do not
    And north may still sell 0 seats of "CQRS Workshop"
    And north may still sell 0 seats of "General admission"

  @K4
  Scenario: Twenty want one seat each, and there are ten
    Given the venue has the node north
    And these seats are for sale:
      | seat type     | quota | north |
      | CQRS Workshop | 10    | 10    |
    When at the same moment 20 customers at north order:
      | CQRS Workshop | 1 |
    And all who hold everything pay and are confirmed
    Then 10 seats of "CQRS Workshop" are sold at HQ

  @K6
  Scenario Outline: Two nodes that hear neither each other nor HQ sell the last seats
    Given the venue has the nodes north and south
    And these seats are for sale:
      | seat type     | quota   | north   | south   |
      | CQRS Workshop | <quota> | <north> | <south> |
    And the lines of north and south are cut
    When at the same moment <at north> customers at north order:
      | CQRS Workshop | <each> |
    And all who hold everything pay and are confirmed
    And at the same moment <at south> customers at south order:
      | CQRS Workshop | <each> |
    And all who hold everything pay and are confirmed
    And the line of south is restored
    And the line of north is restored
    And everybody has met
    Then <sold> seats of "CQRS Workshop" are sold at HQ
    And seats sold, held and left of "CQRS Workshop" make <quota> at every place
    And every place has the same state

    Examples:
      | quota | north | south | at north | at south | each | sold |
      | 4     | 2     | 2     | 2        | 2        | 2    | 4    |
      | 20    | 11    | 9     | 12       | 8        | 2    | 18   |
      | 10    | 5     | 5     | 10       | 10       | 1    | 10   |
      | 10    | 6     | 4     | 1        | 1        | 6    | 6    |
