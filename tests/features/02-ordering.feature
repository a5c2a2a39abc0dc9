Feature: Ordering seats

  What there is, is held for a while; what there is not, is said. A total is the sum of what is held.

  Background:
    Given the venue has the node north
    And these seats are for sale:
      | seat type         | quota | north |
      | General admission | 100   | 100   |
      | CQRS Workshop     | 20    | 20    |
      | Cocktail party    | 10    | 10    |
      | Open day          | 5     | 5     |

  @R1
  Scenario: One of each
    When north places an order of:
      | General admission | 1 |
      | CQRS Workshop     | 1 |
      | Cocktail party    | 1 |
    Then everything wanted is held for 15 minutes
    And the total is 749

  @R2
  Scenario: Several of some
    When north places an order of:
      | General admission | 3 |
      | CQRS Workshop     | 1 |
      | Cocktail party    | 2 |
    Then everything wanted is held for 15 minutes
    And the total is 1197

  @R3
  Scenario: Without the workshop
    When north places an order of:
      | General admission | 2 |
      | Cocktail party    | 2 |
    Then everything wanted is held for 15 minutes
    And the total is 498

  @R4
  Scenario: Nothing selected
    Given the state of north is noted
    When north places an order of nothing
    Then it is refused as "nothing_selected"
    And nothing was written at north since

  @R6
  Scenario: Workshop and party are sold out
    Given north has sold "Grace Hopper" an order of:
      | CQRS Workshop  | 20 |
      | Cocktail party | 10 |
    When north places an order of:
      | General admission | 1 |
      | CQRS Workshop     | 1 |
      | Cocktail party    | 1 |
    Then these seats are held:
      | General admission | 1 |
      | CQRS Workshop     | 0 |
      | Cocktail party    | 0 |
    And the total is 199

  @R11
  Scenario: The same seat type twice is one wish
    When north places an order of:
      | Cocktail party | 1 |
      | Cocktail party | 2 |
    Then these seats are held:
      | Cocktail party | 3 |
    And the total is 150

  @R11
  Scenario Outline: Nobody orders less than one seat
    Given the state of north is noted
    When north places an order of:
      | General admission | <seats> |
    Then it is refused as "invalid_quantity"
    And nothing was written at north since

    Examples:
      | seats |
      | 0     |
      | -1    |

  @F1
  Scenario: A free seat needs no payment
    When north places an order of:
      | Open day | 1 |
    Then the total is 0
    When north confirms the order
    Then the order is confirmed
    And north may still sell 4 seats of "Open day"
