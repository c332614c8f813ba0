// Says of moments whether they lie in time intervals, by Alertmanager's own code: one JSON line in, one out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"gopkg.in/yaml.v2"
)

type question struct {
	Interval json.RawMessage `json:"interval"`
	Moments  []time.Time     `json:"moments"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked question
		var interval timeinterval.TimeInterval
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := yaml.Unmarshal(asked.Interval, &interval); err != nil {
			fmt.Println(`"refused"`)
			continue
		}
		inside := make([]bool, 0, len(asked.Moments))
		for _, moment := range asked.Moments {
			inside = append(inside, interval.ContainsTime(moment.UTC()))
		}
		answer, _ := json.Marshal(inside)
		fmt.Println(string(answer))
	}
}
