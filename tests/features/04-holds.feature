Feature: Holds and payments

  A hold lasts fifteen minutes. What is not paid by then goes back to whoever comes next.

  Background:
    Given the venue has the node north
    And these seats are for sale:
      | seat type     | quota | north |
      | CQRS Workshop | 4     | 4     |

  @H1
  Scenario: A hold ends after fifteen minutes
    When north places an order of:
      | CQRS Workshop | 3 |
    And 14 minutes and 59 seconds pass
    Then north may still sell 1 seat of "CQRS Workshop"
    And the order is placed
    When 2 seconds pass
    Then north may still sell 4 seats of "CQRS Workshop"
    And the order is expired

  @H2
  Scenario: A payment that comes to nothing leaves the hold until it ends
    When north places an order of:
      | CQRS Workshop | 1 |
    And the customer at north offers 20 for the order
    Then it is refused as "wrong_amount"
    And the order is placed
    And north may still sell 3 seats of "CQRS Workshop"
    When 15 minutes and 1 seconds pass
    Then the order is expired
    And north may still sell 4 seats of "CQRS Workshop"

  @H3
  Scenario: What a supervisor gives away costs nothing and stays held
    When north places an order of:
      | CQRS Workshop | 3 |
    And a supervisor at north gives the order away
    And 15 minutes and 1 seconds pass
    Then the order is placed
    When north confirms the order
    Then the order is confirmed
    And north may still sell 1 seat of "CQRS Workshop"

  @H9
  Scenario: A hold whose order was called off elsewhere ends by its own deadline, once
    When north places an order of:
      | CQRS Workshop | 2 |
    And everybody has met
    And the line of north is cut
    And HQ cancels the order
    And 15 minutes and 1 seconds pass
    Then north may still sell 4 seats of "CQRS Workshop"
    When the line of north is restored
    And everybody has met
    Then north may still sell 4 seats of "CQRS Workshop"
    And seats sold, held and left of "CQRS Workshop" make 4 at every place
    And the order is cancelled
