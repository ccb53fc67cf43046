package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// The fields and types of an action as aws-load-balancer-controller has them (pkg/ingress/config_types.go, v3.5.0).

type action struct {
	Type                string         `json:"type"`
	TargetGroupARN      *string        `json:"targetGroupARN"`
	TargetGroupName     *string        `json:"targetGroupName"`
	FixedResponseConfig *fixedResponse `json:"fixedResponseConfig"`
	RedirectConfig      *redirect      `json:"redirectConfig"`
	ForwardConfig       *forward       `json:"forwardConfig"`
}

type fixedResponse struct {
	ContentType *string `json:"contentType"`
	MessageBody *string `json:"messageBody"`
	StatusCode  string  `json:"statusCode"`
}

type redirect struct {
	Host       *string `json:"host"`
	Path       *string `json:"path"`
	Port       *string `json:"port"`
	Protocol   *string `json:"protocol"`
	Query      *string `json:"query"`
	StatusCode string  `json:"statusCode"`
}

type forward struct {
	TargetGroups                []targetGroup `json:"targetGroups"`
	TargetGroupStickinessConfig *stickiness   `json:"targetGroupStickinessConfig"`
}

type targetGroup struct {
	TargetGroupARN  *string             `json:"targetGroupARN"`
	TargetGroupName *string             `json:"targetGroupName"`
	ServiceName     *string             `json:"serviceName"`
	ServicePort     *intstr.IntOrString `json:"servicePort"`
	Weight          *int32              `json:"weight"`
}

type stickiness struct {
	Enabled         *bool  `json:"enabled"`
	DurationSeconds *int32 `json:"durationSeconds"`
}

// readAction is what the controller goes on with.
type readAction struct {
	Action *action `json:"action"`
	// Null if the action is no forward.
	Targets [][2]string `json:"targets"`
}

// unreadableAction is what went wrong.
type unreadableAction struct {
	// "syntax", "type" or "refused".
	Error string `json:"error"`
	// Of a syntax error: how many bytes had been read.
	Offset int64 `json:"offset"`
	// Of a type error: the field.
	Field string `json:"field"`
	// Of a refusal.
	Reason string `json:"reason"`
}

func answerAction(input []byte) (any, error) {
	var read action
	if err := json.Unmarshal(input, &read); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return unreadableAction{Error: "syntax", Offset: syntax.Offset}, nil
		}
		if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return unreadableAction{Error: "type", Field: wrongType.Field}, nil
		}
		return nil, fmt.Errorf("an error of an unexpected kind: %w", err)
	}
	if reason := read.refusal(); reason != "" {
		return unreadableAction{Error: "refused", Reason: reason}, nil
	}
	read.normalise()
	return readAction{Action: &read, Targets: read.targets()}, nil
}

// refusal says why the controller's validation refuses the action; empty if it does not.
func (a *action) refusal() string {
	switch a.Type {
	case "fixed-response":
		if a.FixedResponseConfig == nil {
			return "no fixedResponseConfig"
		}
		if a.FixedResponseConfig.StatusCode == "" {
			return "no fixedResponseConfig.statusCode"
		}
	case "redirect":
		if a.RedirectConfig == nil {
			return "no redirectConfig"
		}
		if a.RedirectConfig.StatusCode == "" {
			return "no redirectConfig.statusCode"
		}
	case "forward":
		external := a.TargetGroupARN != nil || a.TargetGroupName != nil
		if !external && a.ForwardConfig == nil {
			return "no forwardConfig"
		}
		if external && a.ForwardConfig != nil {
			return "two forwards"
		}
		if a.ForwardConfig != nil {
			return a.ForwardConfig.refusal()
		}
	default:
		return "unknown type"
	}
	return ""
}

func (f *forward) refusal() string {
	for i, group := range f.TargetGroups {
		external := group.TargetGroupARN != nil || group.TargetGroupName != nil
		switch {
		case !external && group.ServiceName == nil:
			return fmt.Sprintf("%d: no target", i)
		case external && group.ServiceName != nil:
			return fmt.Sprintf("%d: two targets", i)
		case group.ServiceName != nil && group.ServicePort == nil:
			return fmt.Sprintf("%d: no servicePort", i)
		}
	}
	if len(f.TargetGroups) > 1 {
		for i, group := range f.TargetGroups {
			if group.Weight == nil {
				return fmt.Sprintf("%d: no weight", i)
			}
		}
	}
	return ""
}

// normalise brings a valid forward to the form that the controller goes on with
// (pkg/ingress/enhanced_backend_builder.go).
func (a *action) normalise() {
	if a.Type != "forward" {
		a.emptyForNil()
		return
	}
	if a.TargetGroupARN != nil || a.TargetGroupName != nil {
		*a = action{Type: "forward", ForwardConfig: &forward{TargetGroups: []targetGroup{
			{TargetGroupARN: a.TargetGroupARN, TargetGroupName: a.TargetGroupName},
		}}}
	}
	for _, group := range a.ForwardConfig.TargetGroups {
		if group.ServicePort != nil {
			*group.ServicePort = intstr.Parse(group.ServicePort.String())
		}
	}
	a.emptyForNil()
}

// emptyForNil makes [] of null in the answer: nobody tells a nil slice from an empty one.
func (a *action) emptyForNil() {
	if a.ForwardConfig != nil && a.ForwardConfig.TargetGroups == nil {
		a.ForwardConfig.TargetGroups = []targetGroup{}
	}
}

// targets are what a forward goes to, in order (pkg/ingress/model_build_actions.go).
func (a *action) targets() [][2]string {
	if a.Type != "forward" {
		return nil
	}
	targets := [][2]string{}
	for _, group := range a.ForwardConfig.TargetGroups {
		switch {
		case group.TargetGroupARN != nil:
			targets = append(targets, [2]string{"arn", *group.TargetGroupARN})
		case group.TargetGroupName != nil:
			targets = append(targets, [2]string{"name", *group.TargetGroupName})
		default:
			targets = append(targets, [2]string{"service", *group.ServiceName})
		}
	}
	return targets
}
