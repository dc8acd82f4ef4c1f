package admission

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var types = map[string]reflect.Type{
	"Service":       reflect.TypeOf(corev1.Service{}),
	"Endpoints":     reflect.TypeOf(corev1.Endpoints{}),
	"Namespace":     reflect.TypeOf(corev1.Namespace{}),
	"EndpointSlice": reflect.TypeOf(discoveryv1.EndpointSlice{}),
	"Ingress":       reflect.TypeOf(networkingv1.Ingress{}),
	"IngressClass":  reflect.TypeOf(networkingv1.IngressClass{}),
	"NetworkPolicy": reflect.TypeOf(networkingv1.NetworkPolicy{}),
	"IPAddress":     reflect.TypeOf(networkingv1.IPAddress{}),
	"ServiceCIDR":   reflect.TypeOf(networkingv1.ServiceCIDR{}),
}

var (
	metadataType = reflect.TypeOf(metav1.ObjectMeta{})
	// ordinaryMetadata are the fields that people write.
	ordinaryMetadata = []string{"name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences"}
)

// A typedField is a field of an API type by its JSON name.
type typedField struct {
	name  string
	typed reflect.Type
}

func fieldsOf(typed reflect.Type) []typedField {
	var fields []typedField
	for index := range typed.NumField() {
		field := typed.Field(index)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && field.Anonymous {
			if field.Name != "TypeMeta" {
				fields = append(fields, fieldsOf(field.Type)...)
			}
			continue
		}
		if name != "" && name != "-" {
			fields = append(fields, typedField{name, field.Type})
		}
	}
	return fields
}

// A Question is one generated request.
type Question struct {
	ID, Kind, Operation string
	// Stored is the name of the stored object that an update is of; an update of
	// what is not there has none.
	Stored string
	Input  *object
	// How lists what was done to the base.
	How []string
}

// generate gives the question of an index. `stored` are the objects that are in
// the cluster, by kind, as the server gives them.
func generate(seed uint64, index int, kinds []string, stored map[string][]*object) Question {
	c := chooser{rand.New(rand.NewPCG(seed, uint64(index)))}
	question := Question{ID: fmt.Sprintf("%d-%d", seed, index), Kind: c.kind(kinds), Operation: "create"}
	if c.chance(4) && len(stored[question.Kind]) > 0 {
		question.Operation = "update"
		old := pick(c, stored[question.Kind])
		question.Stored = nameOf(old)
		question.Input = clone(old).(*object)
		if !c.chance(4) {
			question.Input.remove("status")
		}
		metadata, _ := question.Input.get("metadata")
		if _, leaving := metadata.(*object).get("deletionTimestamp"); leaving && c.chance(3) {
			// Nothing else keeps it.
			metadata.(*object).remove("finalizers")
			question.How = append(question.How, "let go")
		}
	} else {
		question.Input = parse(pick(c, basesOf(question.Kind)).text).(*object)
		if c.chance(25) {
			question.Operation = "update"
			question.How = append(question.How, "absent")
		}
	}
	for range pick(c, []int{0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6}) {
		question.How = append(question.How, c.mutate(&question, stored[question.Kind]))
	}
	question.restore(c)
	return question
}

// restore puts back what a question cannot carry: the server takes kind and
// version from the URL too, and what depends on the moment of storing.
func (question *Question) restore(c chooser) {
	typed := parse(basesOf(question.Kind)[0].text).(*object)
	for _, key := range []string{"apiVersion", "kind"} {
		value, _ := typed.get(key)
		question.Input.remove(key)
		question.Input.set(key, value)
	}
	metadata, isObject := question.Input.get("metadata")
	fields, ok := metadata.(*object)
	if !isObject || !ok {
		if question.Operation == "update" && question.Stored == "" {
			question.Operation = "create" // the request would have no name
		}
		return
	}
	if question.Stored != "" {
		for _, key := range []string{"uid", "creationTimestamp", "deletionTimestamp"} {
			fields.remove(key)
		}
		if version, _ := fields.get("resourceVersion"); isVersion(version) {
			fields.remove("resourceVersion")
		}
		return
	}
	if name, _ := fields.get("name"); question.Operation == "update" && !isFree(name) {
		// The request goes to the object's name: nothing may have it.
		fields.remove("name")
		name, _ = parse(basesOf(question.Kind)[0].text).(*object).get("metadata")
		free, _ := name.(*object).get("name")
		fields.set("name", free)
	}
	// A request is sent to the namespace that its object names: one that exists.
	if namespace, found := fields.get("namespace"); found && !resources[question.Kind].clusterScope {
		if text, isText := namespace.(string); isText && text != "" && text != "default" {
			fields.set("namespace", pick(c, []string{"kube-system", "kube-system", leavingNamespace}))
		}
	}
}

// isVersion is true for a resource version that the stored object might have or
// not: the server alone knows.
func isVersion(value any) bool {
	text, isText := value.(string)
	number, err := strconv.ParseUint(text, 10, 64)
	return isText && err == nil && number != 0
}

var freeName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[a-z0-9])?$`)

// isFree is true for a name that nothing stored has, and that a URL can carry.
func isFree(value any) bool {
	text, isText := value.(string)
	return isText && freeName.MatchString(text) && text != "kubernetes" && !strings.HasSuffix(text, "-stored") && text != leavingNamespace && net.ParseIP(text) == nil
}

func (c chooser) kind(kinds []string) string {
	total := 0
	for _, one := range kindWeights {
		if wanted(one.kind, kinds) {
			total += one.weight
		}
	}
	drawn := c.IntN(total)
	for _, one := range kindWeights {
		if !wanted(one.kind, kinds) {
			continue
		}
		if drawn -= one.weight; drawn < 0 {
			return one.kind
		}
	}
	panic("the weights do not add up")
}

func wanted(kind string, kinds []string) bool { return len(kinds) == 0 || slices.Contains(kinds, kind) }

func basesOf(kind string) []base {
	var found []base
	for _, one := range bases {
		if one.kind == kind {
			found = append(found, one)
		}
	}
	return found
}

func nameOf(stored *object) string {
	metadata, _ := stored.get("metadata")
	name, _ := metadata.(*object).get("name")
	return name.(string)
}

// mutate changes the input in one way and tells which.
func (c chooser) mutate(question *Question, stored []*object) string {
	switch drawn := c.IntN(100); {
	case drawn < 66:
		c.set(question.Input, types[question.Kind], question)
		return "set"
	case drawn < 74:
		if at := c.place(question.Input); at != nil {
			at.delete()
		}
		return "delete"
	case drawn < 79:
		if at := c.place(question.Input); at != nil {
			at.put(c.junk())
		}
		return "retype"
	case drawn < 83:
		if at := c.place(question.Input); at != nil {
			at.put(parse(pick(c, []string{`null`, `""`, `{}`, `[]`, `0`, `false`})))
		}
		return "empty"
	case drawn < 87:
		c.unknown(question.Input)
		return "unknown"
	case drawn < 90:
		c.double(question.Input)
		return "twice"
	case drawn < 93:
		c.repeat(question.Input)
		return "duplicate"
	case drawn < 95:
		c.become(question)
		return "become"
	case drawn < 96:
		c.collide(question, stored)
		return "collide"
	default:
		c.cross(question)
		return "cross"
	}
}

// set walks down the Go type to a random field and gives it a value.
func (c chooser) set(at *object, typed reflect.Type, question *Question) {
	for {
		fields := fieldsOf(typed)
		field := pick(c, fields)
		switch {
		case typed == types[question.Kind]:
			field = c.section(fields)
		case typed == metadataType && !c.chance(3):
			for !slices.Contains(ordinaryMetadata, field.name) {
				field = pick(c, fields)
			}
		}
		inner := field.typed
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		present, _ := at.get(field.name)
		if inner.Kind() == reflect.Slice {
			c.setItem(at, field, present, typed, question)
			return
		}
		if inner.Kind() != reflect.Struct || inner == timeType || inner == intOrStringType || inner == fieldsType || inner == microTimeType || (typed != types[question.Kind] && c.chance(6)) {
			at.set(field.name, c.value(field.typed, typed, field.name, 2))
			return
		}
		child, isObject := present.(*object)
		if !isObject {
			child = &object{}
			at.set(field.name, child)
		}
		at, typed = child, inner
	}
}

// section chooses a field of the object itself: its specification mostly.
func (c chooser) section(fields []typedField) typedField {
	for {
		field := pick(c, fields)
		switch field.name {
		case "metadata":
			if !c.chance(4) {
				continue
			}
		case "status":
			if !c.chance(30) {
				continue
			}
		}
		return field
	}
}

// setItem changes an item of a list, adds one or sets the list anew.
func (c chooser) setItem(at *object, field typedField, present any, owner reflect.Type, question *Question) {
	items, isArray := present.([]any)
	slice := field.typed
	if slice.Kind() == reflect.Pointer {
		slice = slice.Elem()
	}
	element := slice.Elem()
	switch {
	case !isArray || c.chance(6):
		at.set(field.name, c.value(field.typed, owner, field.name, 3))
	case len(items) == 0 || c.chance(5):
		at.set(field.name, append(items, c.value(element, owner, field.name, 2)))
	default:
		index := c.IntN(len(items))
		if child, isObject := items[index].(*object); isObject && element.Kind() == reflect.Struct {
			c.set(child, element, question)
			return
		}
		items[index] = c.value(element, owner, field.name, 2)
	}
}

// A place is where a value stands: the field of that index of an object, or the
// item of that index of the list at the parent place.
type place struct {
	owner  *object
	parent *place
	index  int
}

func (p *place) value() any {
	if p.owner != nil {
		return p.owner.fields[p.index].value
	}
	return p.parent.value().([]any)[p.index]
}

func (p *place) put(value any) {
	if p.owner != nil {
		p.owner.fields[p.index].value = value
		return
	}
	p.parent.value().([]any)[p.index] = value
}

func (p *place) delete() {
	if p.owner != nil {
		p.owner.fields = slices.Delete(p.owner.fields, p.index, p.index+1)
		return
	}
	items := p.parent.value().([]any)
	p.parent.put(append(items[:p.index:p.index], items[p.index+1:]...))
}

// place finds a random place below the top of the object.
func (c chooser) place(top *object) *place {
	var found []*place
	var visit func(value any, at *place)
	visit = func(value any, at *place) {
		switch value := value.(type) {
		case *object:
			for index, field := range value.fields {
				if at == nil && (field.key == "apiVersion" || field.key == "kind") {
					continue
				}
				below := &place{owner: value, index: index}
				found = append(found, below)
				visit(field.value, below)
			}
		case []any:
			for index := range value {
				below := &place{parent: at, index: index}
				found = append(found, below)
				visit(value[index], below)
			}
		}
	}
	visit(top, nil)
	if len(found) == 0 {
		return nil
	}
	return pick(c, found)
}

// objects lists the objects within, itself first.
func objects(value any) []*object {
	var found []*object
	switch value := value.(type) {
	case *object:
		found = append(found, value)
		for _, field := range value.fields {
			found = append(found, objects(field.value)...)
		}
	case []any:
		for _, item := range value {
			found = append(found, objects(item)...)
		}
	}
	return found
}

// unknown adds a field that no type knows, or knows in another spelling.
func (c chooser) unknown(top *object) {
	at := pick(c, objects(top))
	name := pick(c, []string{"extra", "bogus", "Port", "hosts", "selector", "Name", "spec", "servicePort", "é", "", "a.b", "a b", "serviceName", "x/y", "$", "METADATA"})
	if len(at.fields) > 0 && c.chance(3) {
		known := pick(c, at.fields).key
		if known != "" {
			name = strings.ToUpper(known[:1]) + known[1:]
			if c.chance(3) {
				name = strings.ToLower(known)
			}
		}
	}
	if at == top && (strings.EqualFold(name, "apiVersion") || strings.EqualFold(name, "kind")) {
		// By these the server would take the object for one of another kind.
		return
	}
	if _, present := at.get(name); !present {
		at.fields = append(at.fields, field{name, c.junk()})
	}
	if c.chance(15) {
		// More than the server tells.
		for index := range 90 + c.IntN(30) {
			at.fields = append(at.fields, field{fmt.Sprintf("%s%d", name, index), json.Number("1")})
		}
	}
}

// double writes a field a second time, with the same value or another.
func (c chooser) double(top *object) {
	at := pick(c, objects(top))
	if len(at.fields) == 0 {
		return
	}
	chosen := pick(c, at.fields)
	if at == top && (chosen.key == "apiVersion" || chosen.key == "kind") {
		return
	}
	value := clone(chosen.value)
	if c.chance(3) {
		value = c.junk()
	}
	at.fields = append(at.fields, field{chosen.key, value})
}

// repeat repeats an item of a list.
func (c chooser) repeat(top *object) {
	for range 8 {
		at := c.place(top)
		if at == nil {
			return
		}
		items, isArray := at.value().([]any)
		if !isArray || len(items) == 0 {
			continue
		}
		times := 1
		if c.chance(4) {
			// Up to what some list may hold, or beyond.
			times = pick(c, []int{7, 8, 9, 16, 17, 99, 100, 101}) - len(items)
			if c.chance(8) {
				times = 1001 - len(items)
			}
		}
		for range max(times, 1) {
			items = append(items, clone(pick(c, items)))
		}
		at.put(items)
		return
	}
}

// become takes over all that another base of the kind says, but its metadata.
func (c chooser) become(question *Question) {
	other := parse(pick(c, basesOf(question.Kind)).text).(*object)
	for _, section := range other.fields {
		if section.key != "metadata" {
			question.Input.set(section.key, section.value)
		}
	}
}

// collide gives a new object the name of a stored one, which the server may have
// to think that it made up.
func (c chooser) collide(question *Question, stored []*object) {
	metadata, _ := question.Input.get("metadata")
	fields, isObject := metadata.(*object)
	if !isObject || question.Operation == "update" || len(stored) == 0 {
		return
	}
	fields.set("name", nameOf(pick(c, stored)))
	if c.chance(2) {
		fields.set("generateName", pick(c, names))
	}
}

// cross takes a field of the specification from another base of the kind.
func (c chooser) cross(question *Question) {
	other := parse(pick(c, basesOf(question.Kind)).text).(*object)
	section := pick(c, other.fields)
	from, isObject := section.value.(*object)
	if !isObject || len(from.fields) == 0 {
		if section.key != "apiVersion" && section.key != "kind" {
			question.Input.set(section.key, section.value)
		}
		return
	}
	to, _ := question.Input.get(section.key)
	into, isObject := to.(*object)
	if !isObject {
		return
	}
	chosen := pick(c, from.fields)
	if section.key != "metadata" || chosen.key != "name" {
		into.set(chosen.key, chosen.value)
	}
}
