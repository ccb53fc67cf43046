package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
)

type labelsQuestion struct {
	Selector [][2]string `json:"selector"`
	Labels   [][2]string `json:"labels"`
}

// answerLabels asks each of the ways in which Kubernetes builds a selector from a map. They have to agree; the one that
// validates is left out where it refuses the selector.
func answerLabels(input []byte) (any, error) {
	var question labelsQuestion
	if err := json.Unmarshal(input, &question); err != nil {
		return nil, err
	}
	selector, object := asSet(question.Selector), asSet(question.Labels)
	selects := labels.SelectorFromSet(selector).Matches(object)
	if wrapped := labels.ValidatedSetSelector(selector).Matches(object); wrapped != selects {
		return nil, fmt.Errorf("two selectors of Kubernetes disagree on %s", input)
	}
	validated, err := labels.ValidatedSelectorFromSet(selector)
	if err == nil && validated.Matches(object) != selects {
		return nil, fmt.Errorf("the validated selector of Kubernetes disagrees on %s", input)
	}
	return map[string]any{"selects": selects, "valid": err == nil}, nil
}

func asSet(pairs [][2]string) labels.Set {
	set := labels.Set{}
	for _, pair := range pairs {
		set[pair[0]] = pair[1]
	}
	return set
}
